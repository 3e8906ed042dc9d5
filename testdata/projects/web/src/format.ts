export function price(cents: number, locale: string = 'en'): string {
  const whole = Math.floor(cents / 100);
  const rest = String(cents % 100).padStart(2, '0');
  return locale === 'de' ? `${whole},${rest} €` : `€${whole}.${rest}`;
}

export function initials(name: string): string {
  return name.split(/\s+/).filter(Boolean).map((part) => part[0].toUpperCase()).join('');
}

export function parseFlags(query: any): any {
  const unused = query.length;
  return Object.fromEntries(new Map(query.split('&').map((pair: any) => pair.split('='))));
}
