/** The records database of a data folder: alarms, commands, users, catalogues, the journal. */
import { join } from "node:path";
import { Database } from "../platform/sqlite.ts";

export const openRecords = (dataFolder: string): Database =>
  Database.open({ file: join(dataFolder, "records.sqlite") });
