import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { explainRefusal } from "../../../../../gateway/sources/opcua/refusal.ts";
import {
  acceptCertificate,
  findCertificate,
  listCertificates,
  revokeCertificate,
} from "../../../../../gateway/sources/opcua/trust.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";

// Made with: openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj "/O=Test/CN=PLC 7" \
//   -addext "subjectAltName=URI:urn:test:plc-7,DNS:plc-7"; fingerprint by openssl x509 -fingerprint -sha1
const PEM = `-----BEGIN CERTIFICATE-----
MIIDQzCCAiugAwIBAgIUcDIE5MNo1T5dwxXQDLKn0mNppoMwDQYJKoZIhvcNAQEL
BQAwHzENMAsGA1UECgwEVGVzdDEOMAwGA1UEAwwFUExDIDcwIBcNMjYxMTIzMjE0
NzQ1WhgPMjEyNjEwMzAyMTQ3NDVaMB8xDTALBgNVBAoMBFRlc3QxDjAMBgNVBAMM
BVBMQyA3MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAjLkut86Pb+Lk
l6lx7NMFkJPDABYN2/TcPNh3+01kDqEOiWenVWihbrTHMKoJP6ixzGerq3VZ9s2e
JLTtsS7joDKRJKi7f2enr3Jol2MKgkeGkXqb7JdRKMyhHBRKFNF/mFyCUtrYk16t
08Dlr1ymXBr+j6vwE+kT0qPs1z+fEv5GYio/FO7Gk4dlgJdPKx8V3KuD2D0hdFL3
3PwfunJPvAi8pIWlGkTeR+8X6qKOpZA8aSAjS2R1DaN47mJNyT9ftAkf6Ldckuln
Hp2V30ozaPiuXj1tFNOHkQQt7sWUhxYl/EFYucounrw5YdkDs5mBiob/2/9v5xg3
s/EJNqpBYQIDAQABo3UwczAdBgNVHQ4EFgQUDXBn0dmET/smXk1mAWqqX/w11K0w
HwYDVR0jBBgwFoAUDXBn0dmET/smXk1mAWqqX/w11K0wDwYDVR0TAQH/BAUwAwEB
/zAgBgNVHREEGTAXhg51cm46dGVzdDpwbGMtN4IFcGxjLTcwDQYJKoZIhvcNAQEL
BQADggEBAHApNFYqkClcRGEjA5sgcME/2yTsYHhTveNq+6Z9OISd1+FSYDnMsYzl
HMy9WsKIg1gDHMY01uuBB56vtnIOtf9/gpfOgA+u6RrIaWsYLgS3FjcxcBc4AoAJ
of0dYeVGT1lYLxREoxkVo9NGIM8DTrgYEoSPyos1T0crB+XPpeoauKknGFzw+OZN
sY20fnVUss12IqjwZ47hpPlcmx4DmYf+SNfjym5wv2NFelpGOD/TeHG8COznwU9s
eDRzq3tH+RAd/68o4HPMcOq3IKz95yTlEvEolisbs3HgFnEh8QOuILNLJS9hfPyv
N11WaIlZWv/z0IEQPKgQRls6X2EeLRo=
-----END CERTIFICATE-----
`;
const THUMBPRINT = "5b5b220430e623eaf85042ec62cc7d0ff375a5ff";

let folder = "";
beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, "rejected"), { recursive: true });
  writeFileSync(join(folder, "rejected", "PLC 7.pem"), PEM);
  writeFileSync(join(folder, "rejected", "note.txt"), "no certificate");
});

it("shows a refused server with all that people need to compare", async () => {
  expect(await listCertificates(folder)).toMatchObject([
    {
      state: "refused",
      thumbprint: THUMBPRINT,
      subject: "O=Test, CN=PLC 7",
      applicationUri: "urn:test:plc-7",
    },
  ]);
});

it("accepts by the beginning of the thumbprint, and takes that back", async () => {
  const accepted = await acceptCertificate(folder, THUMBPRINT.slice(0, 8).toUpperCase());
  expect(accepted.state).toBe("trusted");
  expect(accepted.file).toContain(join("trusted", "certs"));
  expect((await listCertificates(folder)).map(({ state }) => state)).toEqual(["trusted"]);
  await acceptCertificate(folder, THUMBPRINT);
  await revokeCertificate(folder, THUMBPRINT);
  expect((await listCertificates(folder)).map(({ state }) => state)).toEqual(["refused"]);
});

it.each(["", "a", THUMBPRINT.slice(0, 5), "ffffffffffff"])("refuses the name %j", async (name) => {
  await expect(findCertificate(folder, name)).rejects.toMatchObject({
    code: "NOT_FOUND",
    message: expect.stringContaining(THUMBPRINT.slice(0, 12)),
  });
});

it("an empty folder has nothing, and that is no error", async () => {
  expect(await listCertificates(join(folder, "nowhere"))).toEqual([]);
});

it.each([
  ["connect ECONNREFUSED 127.0.0.1:4840", "nothing listens there"],
  ["getaddrinfo ENOTFOUND plc", "no host of that name"],
  ["serviceResult = BadUserAccessDenied (0x801f0000)", "wrong user name or password"],
  ["BadTooManySessions (0x80560000)", "no session left"],
  ["BadSecurityChecksFailed", "does not trust our certificate"],
])("explains %s", async (words, expected) => {
  const connection = {
    id: "plc",
    protocol: "opcua",
    endpoint: "opc.tcp://plc:4840/",
    security: "Basic256Sha256",
    mode: "Sign",
  } as const;
  const refusal = await explainRefusal(new Error(words), { connection, pkiFolder: folder });
  expect(refusal.code).toBe("CONNECTION_FAILED");
  expect(refusal.message).toContain(expected);
  const untrusted = new Error("server Certificate verification failed BadCertificateUntrusted");
  const advice = await explainRefusal(untrusted, { connection, pkiFolder: folder });
  const command = `lamplighter trust accept ${THUMBPRINT.slice(0, 12)} --pki ${folder}`;
  expect(advice.message).toContain(command);
});
