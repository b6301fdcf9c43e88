/** Calls every listener, also when one throws; the first failure is thrown once all have been called. */
export function tellAll<T>(listeners: Iterable<(what: T) => void>, what: T): void {
  const failures: unknown[] = [];
  for (const listener of listeners) {
    try {
      listener(what);
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
}
