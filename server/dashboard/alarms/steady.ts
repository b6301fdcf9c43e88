/** Keeps rows where they are while a finger or a pointer is over them; newcomers wait at the end. */
export function steadyOrder(
  shown: readonly string[],
  wanted: readonly string[],
  held: boolean,
): readonly string[] {
  if (!held) return wanted;
  const known = new Set(wanted);
  const kept = shown.filter((id) => known.has(id));
  const keptIds = new Set(kept);
  return [...kept, ...wanted.filter((id) => !keptIds.has(id))];
}
