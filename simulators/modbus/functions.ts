/** Which function codes a device knows: those its profile needs, and all for our own reference devices. */
import type {
  ModbusProfile,
  ModbusTable,
  ModbusWriteFunction,
} from "../../device-profiles/profile.ts";

const READS: Readonly<Record<ModbusTable, number>> = { coil: 1, discrete: 2, holding: 3, input: 4 };
const WRITES: Readonly<Record<ModbusWriteFunction, readonly number[]>> = {
  // Boards that take one coil take several, and the other way round.
  writeCoil: [5, 15],
  writeCoils: [5, 15],
  writeRegister: [6],
  writeRegisters: [16],
  maskWrite: [22],
};
const REFERENCE = [1, 2, 3, 4, 5, 6, 15, 16, 22, 23];

export function knownFunctions(profile: ModbusProfile): ReadonlySet<number> {
  if (profile.id.startsWith("lamplighter/")) return new Set(REFERENCE);
  const known = new Set<number>();
  for (const { read, write } of profile.points) {
    known.add(READS[read.table]);
    for (const code of write ? WRITES[write.function] : []) known.add(code);
  }
  return known;
}
