# Python: tracebacks, unittest, pytest, mypy, flake8, pip. PATH finds Debian's.
export PATH=/usr/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1

fail_python_key() {
  root "KeyError: 'prcie'"
  printf 'def total(item):\n    return item["prcie"] * 2\n\nprint("0 errors so far", flush=True)\nprint(total({"price": 3}))\n' >shop.py
  python3 shop.py
}

fail_python_import() {
  codearts 'Python构建:official_shell_python'
  root "ModuleNotFoundError: No module named 'payments_of_the_shop'"
  printf 'import json\nimport payments_of_the_shop\n' >shop.py
  python3 shop.py
}

fail_python_chain() {
  root 'RuntimeError: no prices'
  file shop.py <<'PY'
import json


def load(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuntimeError("no prices") from error


load("{")
PY
  python3 shop.py
}

fail_python_syntax() {
  root "SyntaxError: expected ':'"
  printf 'def total(n)\n    return n\n' >shop.py
  python3 -m compileall -q .
}

fail_unittest_assert() {
  root 'AssertionError: 4 != 5'
  file test_shop.py <<'PY'
import logging
import unittest


class Cart(unittest.TestCase):
    def test_error_is_logged(self):
        logging.error("payment failed: expected in this test")

    @unittest.expectedFailure
    def test_known_bug(self):
        self.assertEqual(1, 2)

    def test_total(self):
        self.assertEqual(2 * 2, 5)
PY
  python3 -m unittest -v
}

fail_unittest_import() {
  root "ImportError: cannot import name 'totl' from 'shop'"
  echo 'def total(n): return n' >shop.py
  printf 'import unittest\nfrom shop import totl\n' >test_shop.py
  python3 -m unittest
}

pass_unittest_logs() {
  file test_shop.py <<'PY'
import logging
import traceback
import unittest


class ErrorTest(unittest.TestCase):
    def test_failure(self):
        try:
            {}["missing"]
        except KeyError:
            logging.exception("ERROR: lookup failed, as this test wants")

    def test_traceback(self):
        traceback.print_stack()

    @unittest.expectedFailure
    def test_known_bug(self):
        self.assertEqual(1, 2)
PY
  python3 -m unittest -v
}

fail_pytest_assert() {
  codearts 'Python构建:official_shell_python'
  root 'E       assert 4 == 5'
  printf 'import pytest\n\n\ndef total(n):\n    return n * 2\n\n\n@pytest.mark.xfail\ndef test_error():\n    assert False\n\n\ndef test_total():\n    assert total(2) == 5\n' >test_shop.py
  python3 -m pytest -p no:cacheprovider
}

fail_pytest_fixture() {
  root "fixture 'databse' not found"
  printf 'def test_orders(databse):\n    pass\n' >test_shop.py
  python3 -m pytest -q -p no:cacheprovider
}

fail_pytest_collect() {
  root "E   ModuleNotFoundError: No module named 'payments_of_the_shop'"
  printf 'import payments_of_the_shop\n\n\ndef test_pay():\n    assert payments_of_the_shop.pay()\n' >test_pay.py
  printf 'def test_errors():\n    assert not []\n' >test_errors.py
  python3 -m pytest -p no:cacheprovider
}

fail_pytest_parameters() {
  root 'E       assert (3 * 3) == 10'
  file test_shop.py <<'PY'
import logging

import pytest


@pytest.mark.parametrize("n,want", [(1, 1), (2, 4), (3, 10)])
def test_square(n, want):
    logging.getLogger("shop").error("square of %d", n)
    assert n * n == want
PY
  python3 -m pytest -v -p no:cacheprovider --color=yes
}

pass_pytest_errors() {
  codearts 'Python构建:official_shell_python'
  file test_errors.py <<'PY'
import logging
import warnings

import pytest


@pytest.mark.parametrize("word", ["error", "FAILED", "Traceback"])
def test_error(word):
    logging.error("%s: expected", word)
    print(f"E   AssertionError: {word}")
    warnings.warn("error rate is deprecated")


@pytest.mark.xfail(reason="error: not implemented")
def test_failure():
    assert False
PY
  python3 -m pytest -v -rA -p no:cacheprovider
}

fail_mypy_types() {
  root 'shop.py:5: error: Argument 1 to "total" has incompatible type "str"; expected "int"'
  printf 'def total(n: int) -> int:\n    return n * 2\n\n\nprint(total("2"))\n' >shop.py
  mypy --cache-dir=/dev/null shop.py
}

fail_flake8_style() {
  root "shop.py:1:1: F401 'os' imported but unused"
  root "shop.py:2:1: E302"
  printf 'import os\ndef total(n):\n    return n\n' >shop.py
  python3 -m flake8
}

fail_pip_missing() {
  root 'No matching distribution found for payments-of-the-shop'
  printf 'payments-of-the-shop==9.9\n' >requirements.txt
  python3 -m venv venv >/dev/null
  venv/bin/pip install --no-index -r requirements.txt
}

fail_pip_build() {
  codearts 'Python构建:official_shell_python'
  root 'RuntimeError: libprices is needed'
  printf 'raise RuntimeError("libprices is needed")\n' >setup.py
  python3 -m venv venv >/dev/null
  venv/bin/pip install --no-index --no-build-isolation .
}

fail_pip_requirements() {
  root "Could not open requirements file: [Errno 2] No such file or directory: 'requirement.txt'"
  python3 -m venv venv >/dev/null
  venv/bin/pip install -r requirement.txt
}
