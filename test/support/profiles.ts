/** Profiles for tests: those of the library, or a few lines of YAML. */
import { LIBRARY_FOLDER, loadProfile, loadStandardPoints } from "../../device-profiles/library.ts";
import { parseProfile } from "../../device-profiles/parse.ts";
import type { Profile } from "../../device-profiles/profile.ts";

type Protocol = Profile["protocol"];
type Of<P extends Protocol> = Extract<Profile, { protocol: P }>;

export async function libraryProfile<P extends Protocol>(protocol: P, id: string): Promise<Of<P>> {
  const standard = await loadStandardPoints();
  if (!standard.ok) throw new Error(JSON.stringify(standard.error));
  const loaded = await loadProfile(id, `${LIBRARY_FOLDER}/${id}.yaml`, standard.value);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return checked(protocol, loaded.value);
}

/** `text` is a profile without its head. */
export async function profileOf<P extends Protocol>(protocol: P, text: string): Promise<Of<P>> {
  const standard = await loadStandardPoints();
  if (!standard.ok) throw new Error(JSON.stringify(standard.error));
  const head = `vendor: Test
model: test
name: { zh: 测试, en: Test }
protocol: ${protocol}
confirmed: false
sources: [this test]
`;
  const parsed = parseProfile({ id: "test/test", text: head + text, file: "test" }, standard.value);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return checked(protocol, parsed.value);
}

function checked<P extends Protocol>(protocol: P, profile: Profile): Of<P> {
  if (profile.protocol !== protocol) throw new Error(`${profile.id} is not ${protocol}`);
  return profile as Of<P>;
}
