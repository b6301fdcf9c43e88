/** The API's contract about points out of service. */
import { z } from "zod";

const time = z.string().describe("ISO 8601, UTC");

export const outOfServiceItem = z.object({
  point: z.string(),
  /** A hazard sensor waits in `requested` for a second person. */
  state: z.enum(["requested", "inForce"]),
  by: z.string(),
  approvedBy: z.string().optional(),
  since: time,
  until: time,
  reason: z.string(),
  measure: z.string().describe("what watches instead: a portable detector, a patrol"),
});

const point = z.string().min(3).max(130);
const words = z.string().min(3).max(1_000);

export const outOfServiceBody = z.object({
  point,
  forS: z.number().positive(),
  reason: words,
  measure: words,
});
export const outOfServicePoint = z.object({ point });

export type OutOfServiceView = z.infer<typeof outOfServiceItem>;
