# The same errors in the bytes that real logs have: CRLF, a byte order mark, GBK,
# colours inside words, progress bars.

broken() { printf 'int main(void) {\n  return totl;\n}\n' >main.c; }

fail_encoding_crlf() {
  codearts 'C++构建:official_shell_cpp'
  root 'main.c:2:10: error:'
  broken
  { echo '0 errors in the last build'; gcc -c main.c; } 2>&1 | sed 's/$/\r/'
}

fail_encoding_bom() {
  root 'main.c:2:10: error:'
  broken
  printf '\xef\xbb\xbf'
  gcc -c main.c
}

fail_encoding_gbk() {
  root 'main.c:2:10: error:'
  broken
  printf '开始编译：没有错误\n' | iconv -f UTF-8 -t GBK
  LC_ALL=C gcc -c main.c
}

fail_encoding_ansi() {
  codearts 'C++构建:official_shell_cpp'
  root '2:10:'
  broken
  gcc -fdiagnostics-color=always -c main.c
}

fail_encoding_progress() {
  root 'main.c:2:10: error:'
  broken
  for n in 10 40 70 100; do printf '\rdownloading error-pages.zip: %3d %%' "$n"; done
  printf '\r'
  gcc -c main.c
}

fail_encoding_long_line() {
  root 'main.c:2:10: error:'
  broken
  head -c 200000 /dev/zero | tr '\0' 'x'
  echo ' error-free'
  gcc -c main.c
}

pass_encoding_crlf() {
  printf 'Errors: 0\r\nFailures: 0\r\nerror.c compiled\r\nfatal_errors.o linked\r\nBuild succeeded.\r\n    0 Warning(s)\r\n    0 Error(s)\r\n'
}

pass_encoding_ansi() {
  codearts 'Npm构建:official_shell_npm'
  printf '\033[32mOK\033[0m err\033[31mor\033[0m handler: 0 fa\033[1miled\033[0m\n'
  printf '\033[1m\033[33mwarn\033[39m\033[22m \033[31merror\033[0mPage is deprecated\n'
  printf '\033[2K\033[1G[####      ] 40%% error-pages\033[2K\033[1G[##########] 100%% error-pages\n'
}

pass_encoding_gbk() {
  printf '错误：0，失败：0\n构建成功\n' | iconv -f UTF-8 -t GBK
  echo 'error count: 0'
}
