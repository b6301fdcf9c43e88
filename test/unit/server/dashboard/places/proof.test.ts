import { expect, it } from "vitest";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";
import { proofOf } from "../../../../../server/dashboard/places/proof.ts";
import { at, latestView, pointView } from "../../../../support/views.ts";

it("only a fresh good value proves anything", () => {
  const gas = (device: string) => pointView({ point: `${device}/gas`, hazard: "combustibleGas" });
  const points = [gas("good"), gas("doubtful"), gas("bad"), gas("old"), gas("never")];
  const events = pointView({ point: "door/event", kind: "event" });
  const latest = [
    latestView({ point: "good/gas" }),
    latestView({ point: "doubtful/gas", quality: "uncertain" }),
    latestView({ point: "bad/gas", quality: "bad" }),
    latestView({ point: "old/gas", time: at(-60) }),
  ];
  const proof = proofOf(
    {
      points: new Map([...points, events].map((point) => [point.point, point])),
      latest: new Map(latest.map((item) => [item.point, item])),
    },
    instantOf(at(1)),
  );
  expect(proof).toEqual({
    hazardPoints: 5,
    hazardPointsGood: 1,
    points: 5,
    pointsGood: 1,
    newest: instantOf(at(0)),
  });
});
