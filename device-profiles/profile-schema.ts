/**
 * The JSON Schema of profile files, for editors, made from the schemas that parse them. Checked
 * in as `profile.schema.json` (`lamplighter profiles schema`, then formatted); a test says when
 * it is old.
 */
import { z } from "zod";
import { profileSchema } from "./parse.ts";

export const PROFILE_SCHEMA_FILE = "profile.schema.json";

export function profileJsonSchema(): string {
  const schema = z.toJSONSchema(profileSchema, { io: "input", reused: "ref" });
  const described = {
    ...schema,
    title: "Lamplighter device profile",
    description: "What a device type can say and be told; device-profiles/README.md explains it.",
  };
  return JSON.stringify(described, undefined, 2);
}
