/** Which OPC UA servers and users are let in, and what people are told when not. */
import { describe, expect, it } from "vitest";
import { seconds } from "../../core/time.ts";
import { acceptCertificate, listCertificates } from "../../gateway/sources/opcua/trust.ts";
import { eventually } from "../support/eventually.ts";
import {
  endAfterEach,
  isShown,
  OPTIONS,
  startOpcua as start,
  teardowns,
} from "../support/opcua-bench.ts";
import { startTestServer } from "../support/opcua-server.ts";

endAfterEach();

describe("OPC UA security", () => {
  it.each([
    ["Basic256Sha256", "Sign"],
    ["Aes128_Sha256_RsaOaep", "SignAndEncrypt"],
    ["Aes256_Sha256_RsaPss", "SignAndEncrypt"],
  ] as const)(
    "%s %s with user and password",
    async (security, mode) => {
      const { sink, statuses, pkiFolder } = await start({
        server: { users: { gateway: "secret" } },
        connection: { security, mode, username: "gateway" },
        password: "secret",
      });
      await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
      const [certificate] = await listCertificates(pkiFolder);
      await acceptCertificate(pkiFolder, certificate?.thumbprint ?? "");
      await eventually("values", isShown(sink, 0), seconds(30));
    },
    60_000,
  );

  it("says that the password is wrong", async () => {
    const { statuses, pkiFolder } = await start({
      server: { users: { gateway: "secret" } },
      connection: { security: "Basic256Sha256", mode: "Sign", username: "gateway" },
      password: "guess",
    });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [certificate] = await listCertificates(pkiFolder);
    await acceptCertificate(pkiFolder, certificate?.thumbprint ?? "");
    const said = () =>
      statuses.some(({ detail }) => /wrong user name or password/.test(detail ?? ""));
    await eventually("said", said, seconds(30));
  }, 60_000);

  const secure = { security: "Basic256Sha256", mode: "SignAndEncrypt" } as const;

  it("refuses an unknown server, says what to run, and goes on once that was done", async () => {
    const { sink, statuses, pkiFolder } = await start({ connection: secure });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [certificate] = await listCertificates(pkiFolder);
    const short = certificate?.thumbprint.slice(0, 12) ?? "";
    expect(statuses.at(-1)?.detail).toContain(
      `then run: lamplighter trust accept ${short} --pki ${pkiFolder}`,
    );
    expect(certificate).toMatchObject({ state: "refused", applicationUri: "urn:test:server" });
    await acceptCertificate(pkiFolder, short);
    await eventually("values over the secure channel", isShown(sink, 0), seconds(30));
  }, 60_000);

  it("refuses a server that comes back with another certificate, until that is accepted", async () => {
    const { server, sink, statuses, pkiFolder } = await start({ connection: secure });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [first] = await listCertificates(pkiFolder);
    await acceptCertificate(pkiFolder, first?.thumbprint ?? "");
    await eventually("values", isShown(sink, 0), seconds(30));
    await server.stop();
    teardowns.splice(0, 1);
    const other = await startTestServer({ ...OPTIONS, port: server.port, isOther: true });
    teardowns.unshift(() => other.stop());
    const refused = async () =>
      (await listCertificates(pkiFolder)).find(({ state }) => state === "refused");
    const second = await eventually("the other is refused", refused, seconds(40));
    expect(second.thumbprint).not.toBe(first?.thumbprint);
    const said = () => statuses.at(-1)?.detail?.includes(second.thumbprint.slice(0, 12));
    await eventually("said", said, seconds(40));
    await acceptCertificate(pkiFolder, second.thumbprint);
    other.set("a1-lights/light_level", 8);
    await eventually("values again", isShown(sink, 8), seconds(60));
  }, 120_000);

  it("refuses a trusted certificate that was made for another application", async () => {
    const { statuses, pkiFolder } = await start({
      connection: secure,
      server: { extra: { serverInfo: { applicationUri: "urn:test:impostor" } } },
    });
    await eventually("refused", () => statuses.at(-1)?.state === "offline", seconds(20));
    const [certificate] = await listCertificates(pkiFolder);
    await acceptCertificate(pkiFolder, certificate?.thumbprint ?? "");
    const said = () => statuses.at(-1)?.detail?.includes('it calls itself "urn:test:impostor"');
    await eventually("said", said, seconds(30));
  }, 60_000);

  it("does not send a password in the clear", async () => {
    const { statuses } = await start({ connection: { username: "gateway" }, password: "secret" });
    await eventually("refused", () => statuses.at(-1)?.state === "offline");
    expect(statuses.at(-1)?.detail).toContain("a password must not travel with security: None");
  });
});
