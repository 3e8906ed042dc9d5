# PHP, Ruby and Perl.

fail_php_fatal() {
  root 'Call to undefined function totl()'
  printf '<?php\nerror_log("started");\nfunction total(int $n): int { return totl($n); }\necho total(2);\n' >shop.php
  php shop.php
}

fail_php_syntax() {
  codearts 'PHP构建:official_shell_php'
  root 'PHP Parse error:'
  root 'Parse error: syntax error, unexpected'
  printf '<?php\nfunction total($n) {\n    return $n * ;\n}\n' >shop.php
  php -d display_errors=1 -l shop.php
}

fail_phpunit_assert() {
  root '1) CartTest::testTotal'
  root 'Failed asserting that 4 is identical to 5.'
  file CartTest.php <<'PHP'
<?php
use PHPUnit\Framework\TestCase;

final class CartTest extends TestCase
{
    public function testError(): void { $this->expectException(RuntimeException::class); throw new RuntimeException('expected'); }
    public function testTotal(): void { $this->assertSame(5, 2 * 2); }
}
PHP
  phpunit --do-not-cache-result CartTest.php
}

pass_phpunit_errors() {
  codearts 'PHP构建:official_shell_php'
  file ErrorTest.php <<'PHP'
<?php
use PHPUnit\Framework\TestCase;

final class ErrorTest extends TestCase
{
    public function testFailure(): void { $this->expectException(Error::class); throw new Error('Failed'); }
    public function testFatalError(): void { fwrite(STDERR, "PHP Fatal error: is only printed\n"); $this->assertTrue(true); }
}
PHP
  phpunit --do-not-cache-result --testdox ErrorTest.php
}

fail_composer_platform() {
  root 'Root composer.json requires php ^9.9'
  printf '{"name": "shop/cart", "require": {"php": "^9.9"}}\n' >composer.json
  COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_DISABLE_NETWORK=1 composer install --no-interaction --no-ansi
}

fail_composer_json() {
  codearts 'PHP构建:official_shell_php'
  root 'does not contain valid JSON'
  root 'Parse error on line 2'
  printf '{"name": "shop/cart",\n "require": {"php": "^8.0",}\n}\n' >composer.json
  COMPOSER_ALLOW_SUPERUSER=1 composer install --no-interaction --no-ansi
}

fail_ruby_name() {
  root "undefined local variable or method \`totl'"
  printf 'warn "error pages: 3"\ndef total(n)\n  totl * n\nend\nputs total(2)\n' >shop.rb
  ruby shop.rb
}

fail_ruby_load() {
  root 'cannot load such file -- payments_of_the_shop (LoadError)'
  echo 'require "payments_of_the_shop"' >shop.rb
  ruby shop.rb
}

fail_rspec_expectation() {
  codearts 'Ruby构建:official_shell_ruby'
  root 'Failure/Error: expect(2 * 2).to eq 5'
  file cart_spec.rb <<'RB'
RSpec.describe "cart" do
  it("logs an error") { warn "Error: expected" }
  it "has a total" do
    expect(2 * 2).to eq 5
  end
  it("fails on error") { pending "known bug"; raise "boom" }
end
RB
  rspec --no-color cart_spec.rb
}

pass_rspec_pending() {
  file error_spec.rb <<'RB'
RSpec.describe "Error" do
  it("is raised") { expect { raise ArgumentError, "failed" }.to raise_error("failed") }
  it("Failure/Error is a name") { pending "known bug"; raise "boom" }
end
RB
  rspec --no-color --format documentation error_spec.rb
}

fail_bundler_missing() {
  root "Could not find gem 'payments-of-the-shop'"
  root 'payments-of-the-shop'
  printf 'gem "payments-of-the-shop"\n' >Gemfile
  bundle install --local
}

fail_perl_module() {
  root "Can't locate Payments/Shop.pm in @INC"
  printf 'use strict;\nuse Payments::Shop;\nprint "ok\\n";\n' >shop.pl
  perl shop.pl
}

fail_perl_prove() {
  codearts 'Shell:official_shell'
  root "Failed test 'total of two'"
  root "#          got: '4'"
  printf 'use Test::More tests => 2;\nok(1, "error message");\nis(2 * 2, 5, "total of two");\n' | file t/cart.t
  prove -v t
}

pass_perl_prove() {
  printf 'use Test::More tests => 2;\nok(1, "not ok is only a name");\nTODO: { local $TODO = "known error"; is(2 * 2, 5, "failed test"); }\n' | file t/error.t
  prove -v t
}

fail_xmllint_tags() {
  codearts 'Shell:official_shell' # show it as CodeArts Build does; leave it out for the tool's plain words
  root 'shop.xml:3: parser error'
  printf '<shop>\n  <cart>\n</shop>\n' >shop.xml
  xmllint --noout shop.xml
}
