// netCents and grossCents are whole cents.
export interface Order {
  id: number;
  netCents: number;
  grossCents: number;
  customer: string;
}

export function withTax(netCents: number, percent: number): number {
  return netCents + Math.round((netCents * percent) / 100);
}
