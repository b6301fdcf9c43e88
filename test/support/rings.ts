/** With `LAMPLIGHTER_RINGS=all` nothing is skipped: a missing program then fails the tests. */
export const mustRunAllRings = (): boolean => process.env.LAMPLIGHTER_RINGS === "all";
