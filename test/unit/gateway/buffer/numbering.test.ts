import { describe, expect, it } from "vitest";
import {
  EMPTY_BATCHES_MAX,
  type RebaseInput,
  rebase,
} from "../../../../gateway/buffer/numbering.ts";

function lane(
  numbers: { last?: number; stored?: number; base?: number; oldest?: number; lastAtOpen?: number },
  storedThrough: number,
): RebaseInput {
  const { last = 0, stored = 0, base = 0, oldest, lastAtOpen } = numbers;
  const account = { last, stored, base, bytes: 0, waitingBytes: 0, waitingSamples: 0 };
  return { account, storedThrough, oldest, lastAtOpen };
}
const idle = lane({}, 0);

describe("rebase", () => {
  it.each([
    ["nothing sent yet", lane({ last: 5, oldest: 1, lastAtOpen: 5 }, 0), "agreed", 0, 0],
    [
      "the server has what was not said",
      lane({ last: 5, stored: 2, oldest: 1 }, 4),
      "agreed",
      0,
      4,
    ],
    ["the server lacks some", lane({ last: 5, stored: 4, oldest: 1 }, 2), "rewound", 0, 2],
    ["a base counts", lane({ last: 15, stored: 14, base: 10, oldest: 11 }, 2), "rewound", 10, 12],
    ["a small hole is filled", lane({ last: 900, stored: 800, oldest: 700 }, 0), "rewound", 0, 0],
    [
      "a hole of exactly the limit is filled",
      lane({ last: 2_000, stored: 1_990, oldest: EMPTY_BATCHES_MAX + 1 }, 0),
      "rewound",
      0,
      0,
    ],
    [
      "one more begins a new epoch at the oldest row",
      lane({ last: 2_000, stored: 1_990, oldest: EMPTY_BATCHES_MAX + 2 }, 0),
      "renewed",
      EMPTY_BATCHES_MAX + 1,
      EMPTY_BATCHES_MAX + 1,
    ],
    [
      "an old copy begins anew after what it had at its opening",
      lane({ last: 7, stored: 3, oldest: 1, lastAtOpen: 5 }, 6),
      "renewed",
      5,
      5,
    ],
    ["the server knows more than was ever made", lane({ last: 3, oldest: 1 }, 9), "renewed", 3, 3],
  ] as const)("%s", (_name, live, kind, base, stored) => {
    const result = rebase({ hazard: idle, live, backfill: idle });
    expect(result.kind).toBe(kind);
    expect(result.positions.live).toEqual({ base, stored });
  });
});
