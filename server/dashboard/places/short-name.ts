/** What people call a room for short: its number, when its name has one. */
const ROOM_NUMBER = /(?<![A-Za-z0-9])[A-Z]{0,3}-?\d{2,4}[A-Za-z]?(?![A-Za-z0-9])/;

export const shortName = (name: string): string => ROOM_NUMBER.exec(name)?.[0] ?? name;
