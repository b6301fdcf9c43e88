import { expect, it } from "vitest";
import { csvOf } from "../../../../../server/dashboard/chart/csv.ts";
import { instantOf } from "../../../../../server/dashboard/format/instant.ts";

it("writes rows that spreadsheets read, with site time, unit and the cause of a gap", () => {
  const csv = csvOf(
    [
      { time: instantOf("2026-11-23T16:00:00Z"), value: 1.5, min: 1, max: 2, count: 10 },
      { time: instantOf("2026-11-23T16:05:00Z"), reason: "timeout" },
    ],
    { point: "a1-main/power_active", unit: 'odd "unit", here', zone: "Asia/Shanghai" },
  );
  expect(csv).toBe(
    "\ufefftime,point,unit,value,min,max,count,reason\r\n" +
      '2026-11-24T00:00:00+08:00,a1-main/power_active,"odd ""unit"", here",1.5,1,2,10,\r\n' +
      '2026-11-24T00:05:00+08:00,a1-main/power_active,"odd ""unit"", here",,,,,timeout\r\n',
  );
});
