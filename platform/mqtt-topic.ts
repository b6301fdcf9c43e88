/** Topics and filters as MQTT 3.1.1 §4.7 has them; pure, for both ends of the wire. */

export const TOPIC_BYTES_MAX = 65_535;

/** A name that can be published to: no wildcard, no NUL, not empty. */
export const isTopic = (text: string): boolean =>
  text.length > 0 && !/[+#\0]/.test(text) && Buffer.byteLength(text) <= TOPIC_BYTES_MAX;

/** `+` and `#` alone in their level, `#` only at the end. */
export function isTopicFilter(text: string): boolean {
  if (text.length === 0 || text.includes("\0")) return false;
  if (Buffer.byteLength(text) > TOPIC_BYTES_MAX) return false;
  const levels = text.split("/");
  return levels.every((level, i) => {
    if (level === "#") return i === levels.length - 1;
    return level === "+" || !/[+#]/.test(level);
  });
}

/** Wildcards at the front do not reach the broker's own `$…` topics (§4.7.2). */
export function topicMatches(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  if (topic.startsWith("$") && /^[+#]/.test(filter)) return false;
  const wanted = filter.split("/");
  const given = topic.split("/");
  for (const [i, level] of wanted.entries()) {
    if (level === "#") return true;
    if (i >= given.length) return false;
    if (level !== "+" && level !== given[i]) return false;
  }
  return wanted.length === given.length;
}

/** Whether `permission` reaches everything that `filter` reaches: who may read what is asked for. */
export function filterCovers(permission: string, filter: string): boolean {
  if (permission === filter) return true;
  if (filter.startsWith("$") && /^[+#]/.test(permission)) return false;
  const wide = permission.split("/");
  const asked = filter.split("/");
  for (const [i, level] of wide.entries()) {
    if (level === "#") return true;
    const wanted = asked[i];
    if (wanted === undefined || wanted === "#") return false;
    if (level !== "+" && level !== wanted) return false;
  }
  return wide.length === asked.length;
}
