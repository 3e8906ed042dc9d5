# gcc, ld, make, cmake, ninja and the sanitizers.

fail_gcc_undeclared() {
  root "cart.c:4:10: error: ‘totl’ undeclared"
  file cart.c <<'C'
int total(int n, const int *prices) {
  int total = 0;
  for (int i = 0; i < n; i++) total += prices[i];
  return totl;
}
C
  file error.c <<'C'
int error_count(void) { int unused; return 0; }
C
  gcc -Wall -Wextra -c error.c
  gcc -Wall -Wextra -c cart.c
}

fail_gcc_missing_header() {
  codearts 'C++构建:official_shell_cpp'
  root 'fatal error: curl/missing.h: No such file or directory'
  file http.c <<'C'
#include <stdio.h>
#include <curl/missing.h>
int main(void) { return 0; }
C
  set -x
  gcc -Werror -c http.c
}

fail_gcc_template() {
  root "error: no match for ‘operator<’"
  file main.cpp <<'CPP'
#include <set>
#include <string>
struct Item { std::string name; };
int main() {
  std::set<Item> items;
  items.insert(Item{"book"});
  return static_cast<int>(items.size());
}
CPP
  g++ -std=c++17 -c main.cpp
}

fail_gcc_werror() {
  root '[-Werror=unused-variable]'
  file Makefile <<'MAKE'
CFLAGS = -Wall -Werror
shop: main.o errors.o
	$(CC) -o $@ $^
MAKE
  echo 'int errors(void) { return 0; }' >errors.c
  echo 'int main(void) { int left = 3; return 0; }' >main.c
  make
}

fail_gcc_static_assert() {
  root 'static assertion failed: "too large"'
  echo '_Static_assert(sizeof(long) == 4, "too large"); int main(void) { return 0; }' >main.c
  gcc -o main main.c
}

pass_gcc_warnings() {
  codearts 'Shell:official_shell'
  file error_handler.c <<'C'
#include <stdio.h>
int fatal_error(const char *error) { int unused; return fprintf(stderr, "error: %s\n", error); }
int main(void) { fatal_error("expected failure of test 3"); return 0; }
C
  set -x
  gcc -Wall -Wextra -Wno-error=unused-variable -Werror=format -o error_handler error_handler.c
  ./error_handler
  : 0 errors, 0 failures
}

fail_ld_undefined() {
  root 'undefined reference to `discount'
  echo 'int discount(int); int main(void) { return discount(3); }' >main.c
  echo 'int unrelated(void) { return 1; }' >lib.c
  gcc -c main.c && gcc -c lib.c
  gcc -o shop main.o lib.o
}

fail_ld_missing_library() {
  codearts 'C++构建:official_shell_cpp'
  root 'cannot find -lpayments'
  echo 'int main(void) { return 0; }' >main.c
  gcc -o shop main.c -lpayments
}

fail_ld_duplicate() {
  root 'multiple definition of `vat'
  echo 'int vat = 19;' >a.c
  echo 'int vat = 7; int main(void) { return vat; }' >b.c
  gcc -o shop a.c b.c
}

fail_make_no_rule() {
  root "No rule to make target 'prices.csv'"
  file Makefile <<'MAKE'
all: report
report: prices.csv
	sort prices.csv > $@
MAKE
  make
}

fail_make_recipe() {
  codearts 'Make构建:official_shell_make'
  root 'gen.sh: line 2: prices: unbound variable'
  printf '#!/bin/bash\nset -u; echo "$prices"\n' >gen.sh
  file Makefile <<'MAKE'
all: clean report
clean:
	-rm report
report:
	bash gen.sh
MAKE
  make -j2
}

fail_make_separator() {
  root 'missing separator'
  printf 'all:\n    echo built\n' >Makefile
  make
}

pass_make_ignored() {
  file Makefile <<'MAKE'
all: clean test
clean:
	-rm missing-error.o
	-false
test:
	@echo "tests: 12 passed, 0 failed, 0 errors"
	@echo "checking whether error handling works... yes"
MAKE
  make --no-print-directory
}

fail_cmake_package() {
  root 'CMake Error at CMakeLists.txt:3'
  root 'Could not find a package configuration file provided by "Payments"'
  file CMakeLists.txt <<'CMAKE'
cmake_minimum_required(VERSION 3.20)
project(shop C)
find_package(Payments 2.1 REQUIRED)
CMAKE
  cmake -S . -B build
}

fail_cmake_syntax() {
  codearts 'CMake构建:official_shell_cmake'
  root 'Unknown CMake command "add_programm"'
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(shop C)\nadd_programm(shop main.c)\n' >CMakeLists.txt
  cmake -S . -B build
}

fail_cmake_compile() {
  root "error: too few arguments to function ‘add’"
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(shop C)\nadd_executable(shop main.c add.c)\n' >CMakeLists.txt
  echo 'int add(int a, int b) { return a + b; }' >add.c
  printf 'int add(int, int);\nint main(void) { return add(1); }\n' >main.c
  cmake -S . -B build && cmake --build build
}

fail_ctest_assert() {
  root "Assertion \`total(2) == 5' failed"
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(shop C)\nenable_testing()\nadd_executable(t t.c)\nadd_test(NAME cart COMMAND t)\nadd_test(NAME error_messages COMMAND true)\n' >CMakeLists.txt
  printf '#include <assert.h>\nint total(int n) { return n * 2; }\nint main(void) { assert(total(2) == 5); return 0; }\n' >t.c
  cmake -S . -B build >/dev/null && cmake --build build && ctest --test-dir build --output-on-failure
}

pass_cmake_checks() {
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(shop C)\ninclude(CheckIncludeFile)\ncheck_include_file(errors.h HAVE_ERRORS_H)\ncheck_include_file(error.h HAVE_ERROR_H)\nmessage(STATUS "Looking for error handler - not found")\nadd_compile_options(-Werror -Wall)\nenable_testing()\nadd_executable(shop main.c)\nadd_test(NAME fails_on_error COMMAND false)\nset_tests_properties(fails_on_error PROPERTIES WILL_FAIL TRUE)\n' >CMakeLists.txt
  echo 'int main(void) { return 0; }' >main.c
  cmake -S . -B build && cmake --build build --verbose && ctest --test-dir build
}

fail_ninja_compile() {
  codearts 'CMake构建:official_shell_cmake'
  root "error: unknown type name ‘prise_t’"
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(shop C)\nadd_executable(shop main.c errors.c)\n' >CMakeLists.txt
  echo 'int errors(void) { return 0; }' >errors.c
  printf 'typedef long price_t;\nprise_t total;\nint main(void) { return 0; }\n' >main.c
  cmake -G Ninja -S . -B build && ninja -C build
}

fail_ninja_missing() {
  root "'prices.csv', needed by 'report', missing and no known rule to make it"
  printf 'rule sort\n  command = sort $in > $out\nbuild report: sort prices.csv\n' >build.ninja
  ninja
}

pass_ninja_progress() {
  printf 'cmake_minimum_required(VERSION 3.20)\nproject(shop C)\nadd_executable(failure_report failure.c error.c)\n' >CMakeLists.txt
  echo 'int error(void) { return 0; }' >error.c
  echo 'int main(void) { return 0; }' >failure.c
  cmake -G Ninja -S . -B build && ninja -C build && ninja -C build
}

fail_sanitizer_address() {
  root 'ERROR: AddressSanitizer: heap-use-after-free'
  printf '#include <stdlib.h>\nint main(void) {\n  int *p = malloc(4);\n  free(p);\n  return *p;\n}\n' >main.c
  gcc -g -fsanitize=address -o main main.c && ./main
}

fail_sanitizer_undefined() {
  root 'runtime error: signed integer overflow'
  printf '#include <limits.h>\n#include <stdio.h>\nint main(int c, char **v) {\n  int n = INT_MAX;\n  printf("%%d\\n", n + c);\n  return 0;\n}\n' >main.c
  gcc -g -fsanitize=undefined -fno-sanitize-recover -o main main.c && ./main
}

fail_sanitizer_leak() {
  codearts 'C++构建:official_shell_cpp'
  root 'ERROR: LeakSanitizer: detected memory leaks'
  printf '#include <stdlib.h>\nint main(void) { char *p = malloc(40); p = 0; return p != 0; }\n' >main.c
  gcc -g -fsanitize=address -o main main.c && ./main
}
