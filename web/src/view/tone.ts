/** The class of a signed number: profit and loss are also told by the sign that every such number carries. */
export function tone(value: number | undefined): '' | 'up' | 'down' {
  if (value === undefined || value === 0) return '';
  return value > 0 ? 'up' : 'down';
}
