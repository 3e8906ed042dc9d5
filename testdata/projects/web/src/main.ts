import { withTax } from './order.js';
import type { Order } from './order.js';
import { row, total } from './table.js';

const orders: Order[] = [1, 2, 3].map((id) => ({
  id,
  netCents: id * 100,
  gross: withTax(id * 100, 19),
  customer: 'Ada Lovelace',
}));

export const page = orders.map(row).join('\n') + `\n<p>${total(orders)}</p>`;
