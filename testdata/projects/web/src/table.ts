import { price } from './format.js';
import type { Order } from './order.js';

export function row(order: Order): string {
  return `<tr><td>${order.id}</td><td>${price(order.gross)}</td></tr>`;
}

export function total(orders: Order[]): number {
  return orders.reduce((sum, order) => sum + order.grossCents, 0);
}
