# Tools that speak Chinese, as they do on many agents of CodeArts Build: the locale
# zh_CN.UTF-8, made by `localedef -i zh_CN -f UTF-8 $TOOLS/locale/zh_CN.UTF-8`, and
# gcc-12-locales.
chinese() { export LOCPATH=$TOOLS/locale LANG=zh_CN.UTF-8 LANGUAGE=zh_CN; }

fail_zh_gcc() {
  codearts 'Cmake构建:official_shell_cmake'
  root 'main.c:3:10: 错误：'
  chinese
  printf '#include <stdio.h>\nint total(int n) {\n  return totl * n;\n}\nint main(void) { int left; return total(2); }\n' >main.c
  printf 'shop: main.o\n\t$(CC) -o $@ $^\nmain.o: main.c\n\t$(CC) -Wall -c $<\n' >Makefile
  make
}

fail_zh_header() {
  root 'curl/missing.h：没有那个文件或目录'
  chinese
  printf '#include <curl/missing.h>\nint main(void) { return 0; }\n' >main.c
  gcc -c main.c
}

fail_zh_link() {
  root 'discount'
  chinese
  echo 'int discount(int); int main(void) { return discount(3); }' >main.c
  gcc -o shop main.c
}

fail_zh_make() {
  root 'prices.csv'
  chinese
  printf 'report: prices.csv\n\tsort $< >$@\n' >Makefile
  make
}

fail_zh_recipe() {
  codearts 'Shell:official_shell'
  root 'sort:'
  chinese
  printf 'report:\n\tsort prices.csv >$@\n' >Makefile
  make
}

fail_zh_command() {
  codearts 'Shell:official_shell'
  root 'gulp'
  chinese
  echo 'gulp build' >build.sh
  bash build.sh
}

fail_zh_javac() {
  root 'Cart.java:3: 错误: 找不到符号'
  chinese
  printf 'class Cart {\n  int total(int n) {\n    return totl * n;\n  }\n}\n' >Cart.java
  javac -J-Duser.language=zh -J-Duser.country=CN Cart.java
}

fail_zh_git() {
  root '/srv/git/payments.git'
  chinese
  git clone /srv/git/payments.git
}

fail_zh_copy() {
  codearts 'Shell:official_shell'
  root 'dist/shop.tar.gz'
  chinese
  printf 'set -e\necho 打包\ncp dist/shop.tar.gz /tmp/\n' >pack.sh
  bash pack.sh
}

fail_zh_tar() {
  root 'tar: errors.tar.gz'
  chinese
  tar xf errors.tar.gz
}

fail_zh_crash() {
  root '段错误'
  root 'Segmentation'
  chinese
  printf 'int main(void) { *(volatile int *)0 = 1; return 0; }\n' >shop.c
  gcc -o shop shop.c
  printf './shop\necho done\nexit 139\n' >run.sh
  bash run.sh
}

pass_zh_warnings() {
  codearts 'Cmake构建:official_shell_cmake'
  chinese
  printf 'int error(int n) { int left; return n; }\nint main(void) { return error(0); }\n' >error.c
  gcc -Wall -Wextra -o error error.c
  ./error
  ls no-such-file || echo '没有错误：0 个错误，0 个失败'
  make -n -f /dev/null all 2>/dev/null || :
  git init -q . && git branch -D no-such-branch || :
}
