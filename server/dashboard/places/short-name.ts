/** What people call a room for short, on a tile that stands in its floor's row. */
const ROOM_NUMBER = /(?<![A-Za-z0-9])[A-Z]{0,3}-?\d{3,4}[A-Za-z]?(?![A-Za-z0-9])/;

/** Its number when the name has one, else the name without its floor's: `1层走廊` is `走廊` on floor `1层`. */
export function shortName(name: string, floor: string): string {
  const number = ROOM_NUMBER.exec(name)?.[0];
  if (number !== undefined) return number;
  const [rest = name] = name.startsWith(floor) ? [name.slice(floor.length)] : name.split(",");
  return rest.trim() === "" ? name : rest.trim();
}
