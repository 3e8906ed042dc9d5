import { initials, parseFlags, price } from '../src/format';
import { withTax } from '../src/order';

const amounts = [0, 1, 5, 10, 50, 99, 100, 101, 999, 1000, 1050, 9999, 10000, 12345, 99999, 100000, 123456];

describe.each(['en', 'de', 'fr'])('price in %s', (locale) => {
  test.each(amounts)('of %d cents keeps every cent', (cents) => {
    expect(Number(price(cents, locale).replace(/\D/g, ''))).toBe(cents);
  });
});

describe.each([0, 7, 19, 21])('tax of %d percent', (percent) => {
  test.each(amounts)('on %d cents is off by half a cent at most', (cents) => {
    expect(Math.abs(withTax(cents, percent) - cents * (1 + percent / 100))).toBeLessThanOrEqual(0.5001);
  });
});

describe('initials', () => {
  test.each([['Ada Lovelace', 'AL'], ['grace hopper', 'GH'], ['  Alan   Turing ', 'AT'], ['', '']])('of "%s" are "%s"', (name, want) => {
    expect(initials(name)).toBe(want);
  });
});

test('an error in a flag is kept as it is', () => {
  console.error('ERROR flag without a value: retries=');
  expect(parseFlags('debug=1&retries=')).toEqual({ debug: '1', retries: '' });
});
