# Shells, git and what every build script calls.

fail_shell_unbound() {
  codearts 'Shell:official_shell'
  root 'DEPLOY_TARGET: unbound variable'
  printf 'set -eux\necho "error budget: 99.9 %%"\ngrep -c error prices.txt || true\necho "deploying to $DEPLOY_TARGET"\n' >deploy.sh
  echo error >prices.txt
  bash deploy.sh
}

fail_shell_not_found() {
  root 'build.sh: line 2: gulp: command not found'
  printf 'set -e\ngulp build --fail-on-error\n' >build.sh
  bash build.sh
}

fail_shell_syntax() {
  root 'syntax error: unexpected end of file'
  printf 'if true; then\n  echo "no errors"\n' >build.sh
  bash build.sh
}

fail_shell_permission() {
  codearts 'Shell:official_shell'
  root './deploy.sh: Permission denied'
  echo 'echo deployed' >deploy.sh
  chmod -x deploy.sh
  echo 'checking errors.log: 0 errors'
  ./deploy.sh
}

fail_shell_copy() {
  root "cp: cannot stat 'dist/shop.tar.gz': No such file or directory"
  printf 'set -ex\nrm -f error.log\nmkdir -p out\ncp dist/shop.tar.gz out/\necho "copied, failed: 0"\n' >pack.sh
  sh pack.sh
}

fail_shell_own_words() {
  codearts 'Shell:official_shell'
  root 'FATAL: the price list is older than 30 days'
  printf 'echo "step 1: ok"\necho "step 2: 3 warnings, 0 errors"\necho "FATAL: the price list is older than 30 days" >&2\nexit 4\n' >check.sh
  bash check.sh
}

fail_shell_tar() {
  root 'gzip: stdin: not in gzip format'
  root 'tar: Child returned status 1'
  echo '<html>404 error</html>' >shop.tar.gz
  tar -xzf shop.tar.gz
}

fail_shell_killed() {
  root 'Killed'
  printf 'echo "resizing images"\nsh -c "kill -9 \\$\\$; sleep 1"\ncode=$?\necho "error pages done"\nexit $code\n' >images.sh
  bash images.sh
}

fail_shell_segfault() {
  codearts 'Shell:official_shell'
  root 'Segmentation fault'
  printf 'int main(void) { return *(volatile int *)0; }\n' >main.c
  gcc -w -o shop main.c
  printf 'echo "tests of error handling"\n./shop\n' >t.sh
  bash t.sh
}

fail_shell_shellcheck() {
  root 'SC2086'
  printf '#!/bin/bash\nname=$1\nrm $name/error.log\n' >clean.sh
  shellcheck clean.sh
}

pass_shell_traces() {
  codearts 'Shell:official_shell'
  file build.sh <<'SH'
set -ex
false || echo "ERROR is expected here"
grep -q error /dev/null || true
ls --help | grep -i error || :
[ -z "$FAILED" ]
echo "Errors: 0, Failures: 0, fatal: 0"
cat missing-file 2>/dev/null || echo "no error log: fine"
set +x
for n in 1 2 3; do printf '\rdownloading error-pages.zip %d/3' "$n"; done
echo
echo "BUILD SUCCESSFUL: 0 failed"
SH
  bash build.sh
}

pass_shell_help() {
  gcc --help=warnings | grep -i error | head -20
  git help -a | grep -iE 'fail|error|bisect' || true
  make --help
  tar --help | grep -i fail
}

pass_shell_retry() {
  file get.sh <<'SH'
for try in 1 2 3; do
  echo "attempt $try"
  if [ "$try" = 3 ]; then echo "downloaded prices.csv"; exit 0; fi
  curl -fsS --max-time 1 http://127.0.0.1:9/prices.csv || echo "retrying in 0 s"
done
SH
  bash get.sh
}

fail_git_clone() {
  root "fatal: repository '/srv/git/payments.git' does not exist"
  git clone /srv/git/payments.git
}

fail_git_ref() {
  codearts '代码检出:external_pre_checkout'
  root "pathspec 'release-9.9' did not match any file(s) known to git"
  git -c init.defaultBranch=master init -q && git commit -q --allow-empty -m 'Fix error page'
  git log --oneline --no-decorate --format=%s
  git checkout release-9.9
}

fail_git_merge() {
  root 'CONFLICT (content): Merge conflict in prices.csv'
  git -c init.defaultBranch=master init -q
  echo 'book,3' >prices.csv && git add . && git commit -qm 'Prices'
  git checkout -qb sale && echo 'book,2' >prices.csv && git commit -qam 'Sale'
  git checkout -q master && echo 'book,4' >prices.csv && git commit -qam 'Dearer'
  git merge sale
}

fail_git_submodule() {
  codearts '代码检出:external_pre_checkout'
  root "fatal: clone of '/srv/git/errors.git' into submodule path"
  root "fatal: repository '/srv/git/errors.git' does not exist"
  git -c init.defaultBranch=master init -q
  printf '[submodule "errors"]\n\tpath = errors\n\turl = /srv/git/errors.git\n' >.gitmodules
  git update-index --add --cacheinfo 160000,1234567890123456789012345678901234567890,errors
  git add .gitmodules && git commit -qm 'Errors as a submodule'
  git submodule update --init
}

fail_git_push() {
  root '! [rejected]        master -> master (fetch first)'
  root 'error: failed to push some refs'
  git init -q --bare remote.git
  git -c init.defaultBranch=master clone -q remote.git a 2>/dev/null && git -C a commit -q --allow-empty -m one && git -C a push -q origin HEAD:master
  git -c init.defaultBranch=master init -q b && git -C b commit -q --allow-empty -m two
  git -C b push ../remote.git HEAD:master
}

fail_git_dns() {
  root "fatal: unable to access 'https://git.shop.invalid/cart.git/': Could not resolve host: git.shop.invalid"
  git clone https://git.shop.invalid/cart.git
}

pass_git_noise() {
  codearts 'Shell:official_shell'
  git init -q --bare remote.git
  git clone remote.git work
  cd work
  git checkout -b fix-error-page
  echo error >error.txt && git add . && git commit -m 'Fix fatal error: index out of range'
  git push -u origin fix-error-page
  git checkout -f HEAD~0
  git branch -D no-such-branch || echo 'no branch to delete: fine'
}
