/** Tables of ingest in the records database: what gateways announced, and what was set aside. */
export const INGEST_MIGRATIONS = [
  `CREATE TABLE gateway (
     gateway TEXT PRIMARY KEY, site TEXT NOT NULL, version TEXT NOT NULL, catalogue TEXT NOT NULL,
     announced_at INTEGER NOT NULL) STRICT;
   CREATE TABLE announced_point (point TEXT PRIMARY KEY, gateway TEXT NOT NULL) STRICT, WITHOUT ROWID;
   CREATE TABLE clock_offset (
     gateway TEXT NOT NULL, time INTEGER NOT NULL, offset_ms INTEGER NOT NULL,
     PRIMARY KEY (gateway, time)) STRICT, WITHOUT ROWID;
   CREATE TABLE quarantine (
     id INTEGER PRIMARY KEY, received_at INTEGER NOT NULL, gateway TEXT NOT NULL, epoch TEXT NOT NULL,
     lane TEXT NOT NULL, number INTEGER NOT NULL, sample INTEGER NOT NULL, point TEXT NOT NULL,
     why TEXT NOT NULL, content TEXT NOT NULL, UNIQUE (gateway, epoch, lane, number, sample)) STRICT;`,
];
