// Numbers as the reports write them; the same rules as report/internal/units.

const nbsp = '\u00a0';

const timeUnits: [string, number, number][] = [
  ['µs', 1e3, 1000],
  ['ms', 1e6, 1000],
  ['s', 1e9, 120],
  ['min', 60e9, 120],
  ['h', 3600e9, Infinity],
];

const sizeUnits: [string, number, number][] = [
  ['kB', 1e3, 1000],
  ['MB', 1e6, 1000],
  ['GB', 1e9, Infinity],
];

/** duration writes nanoseconds with three digits and the unit that fits. */
export function duration(ns: number): string {
  return quantity(ns, 'ns', timeUnits);
}

/** size writes a number of bytes. */
export function size(bytes: number): string {
  return quantity(bytes, 'B', sizeUnits);
}

function quantity(n: number, base: string, units: [string, number, number][]): string {
  if (n < 0) return '-' + quantity(-n, base, units);
  if (n < units[0]![1]) return Math.round(n) + nbsp + base;
  for (const [name, unit, limit] of units) {
    const [digits, whole] = threeDigits(n, unit);
    if (whole < limit) return digits + nbsp + name;
  }
  return String(n);
}

function threeDigits(n: number, unit: number): [string, number] {
  for (let decimals = 2; decimals > 0; decimals--) {
    if (Math.floor(n / unit) >= 100) break;
    const scale = 10 ** decimals;
    const scaled = Math.floor((n * scale) / unit + 0.5);
    if (scaled < 1000) return [(scaled / scale).toFixed(decimals), Math.floor(scaled / scale)];
  }
  const whole = Math.floor(n / unit + 0.5);
  return [count(whole), whole];
}

/** count writes an integer with its digits in groups of three. */
export function count(n: number): string {
  return Math.round(n).toString().replace(/\B(?=(\d{3})+$)/g, ',');
}

/** percent writes a share of a whole: never 0% where there is some, never 100% where some is missing. */
export function percent(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return '0%';
  const p = (100 * part) / whole;
  if (p < 0.5) return '<1%';
  if (p >= 99.5 && part < whole) return '>99%';
  return Math.round(p) + '%';
}

/** average writes a mean number of things: 0.04, 2.1, 37. */
export function average(x: number): string {
  const decimals = Math.abs(x) < 0.995 ? 2 : Math.abs(x) < 99.5 ? 1 : 0;
  // What lies exactly in the middle, as eighths may, goes to the even digit, as Go has it; toFixed rounds it up.
  const scaled = x * 10 ** decimals;
  return (x * 8) % 1 === 0 && scaled % 2 === 0.5 ? (Math.floor(scaled) / 10 ** decimals).toFixed(decimals) : x.toFixed(decimals);
}

/** counted is a number with its noun. */
export function counted(n: number, one: string, many: string): string {
  return count(n) + nbsp + (n === 1 ? one : many);
}

let [instantUnit, instantName] = [1e9, 's'];

/** instantsUpTo chooses the one unit in which the page writes instants, by the last of them. */
export function instantsUpTo(last: number): void {
  [instantUnit, instantName] = last >= 1e9 ? [1e9, 's'] : last >= 1e6 ? [1e6, 'ms'] : [1e3, 'µs'];
}

/** instant writes a point in time, with as many digits as a step of so many ns needs. */
export function instant(ns: number, step: number): string {
  const decimals = Math.max(0, Math.min(9, Math.ceil(Math.log10(instantUnit / Math.max(step, 1)))));
  return (ns / instantUnit).toFixed(decimals) + nbsp + instantName;
}

const majorVersion = /^v[0-9]+\./;

/** shortFunc drops the directory of a function's package. */
export function shortFunc(name: string): string {
  const bracket = name.indexOf('[');
  const plain = bracket < 0 ? name : name.slice(0, bracket);
  const slash = plain.lastIndexOf('/');
  let base = plain.slice(slash + 1);
  if (slash >= 0 && majorVersion.test(base)) {
    const dir = plain.slice(0, slash);
    base = dir.slice(dir.lastIndexOf('/') + 1) + '/' + base;
  }
  base = base.replaceAll('%2e', '.');
  if (bracket < 0) return base;
  return base + '[...]' + name.slice(name.lastIndexOf(']') + 1);
}

/** shortFile keeps the last two elements of a path. */
export function shortFile(file: string): string {
  return file.replaceAll('\\', '/').replace(/^\/+|\/+$/g, '').split('/').slice(-2).join('/');
}
