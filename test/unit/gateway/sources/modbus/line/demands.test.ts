import { describe, expect, it } from "vitest";
import { seconds } from "../../../../../../core/time.ts";
import { DEMANDS_MAX, Demands } from "../../../../../../gateway/sources/modbus/line/demands.ts";
import { FakeClock } from "../../../../../support/fake-clock.ts";

function waiting(): {
  clock: FakeClock;
  demands: Demands;
  add: (name: string) => Promise<string>;
  done: string[];
} {
  const clock = new FakeClock();
  const demands = new Demands(clock, () => {});
  const done: string[] = [];
  const add = (name: string): Promise<string> =>
    demands.add(
      seconds(2),
      async () => {
        done.push(name);
        return "done";
      },
      (why) => why,
    );
  return { clock, demands, add, done };
}

describe("demands on a line", () => {
  it("are served in their order", async () => {
    const { demands, add, done } = waiting();
    const both = [add("a"), add("b")];
    while (await demands.serveOne());
    expect(await Promise.all(both)).toEqual(["done", "done"]);
    expect(done).toEqual(["a", "b"]);
  });

  it("are answered at their timeout and never carried out afterwards", async () => {
    const { clock, demands, add, done } = waiting();
    const asked = add("a");
    await clock.advance(seconds(2));
    expect(await asked).toMatch(/within 2000 ms/);
    expect(await demands.serveOne()).toBe(false);
    expect(done).toEqual([]);
  });

  it("are refused beyond the limit", async () => {
    const { demands, add } = waiting();
    const all = Array.from({ length: DEMANDS_MAX + 1 }, (_, i) => add(String(i)));
    expect(await all.at(-1)).toMatch(/64 others/);
    demands.giveUpAll("stopping");
    expect(await all[0]).toBe("stopping");
  });
});
