import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InfluxClient, parseCsv } from "../../../../../server/store/influx/client.ts";

interface Request {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly body: string;
}

describe("InfluxClient", () => {
  let server: Server;
  let url: string;
  let requests: Request[];
  let answer: { status: number; body: string };

  beforeEach(async () => {
    requests = [];
    answer = { status: 204, body: "" };
    server = createServer(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += String(chunk);
      const { method, headers } = request;
      requests.push({ method, url: request.url, authorization: headers.authorization, body });
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(answer.body);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no port");
    url = `http://127.0.0.1:${address.port}`;
  });

  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const lines = ["power_active,device=a1-main mark=0i,value=1.5,ms=1i 1000000"];

  it("writes to the path and with the authentication that 1.x understands", async () => {
    const client = new InfluxClient({ url, database: "site a", username: "u", password: "p" });
    await client.write(lines);
    expect(requests).toEqual([
      {
        method: "POST",
        url: "/write?db=site%20a&precision=ns",
        authorization: "Basic dTpw",
        body: lines.join("\n"),
      },
    ]);
    await client.close();
  });

  it("sends a token to 2.x", async () => {
    const client = new InfluxClient({ url, database: "bucket", token: "t0ken" });
    await client.write(lines);
    expect(requests[0]?.authorization).toBe("Token t0ken");
    await client.close();
  });

  it.each([
    [400, '{"error":"partial write: field type conflict"}', "REQUEST_INVALID", /type conflict/],
    [401, '{"error":"authorization failed"}', "CONNECTION_FAILED", /Check user and password/],
    [404, '{"error":"database not found"}', "CONNECTION_FAILED", /Check the database's name/],
    [413, "too large", "BODY_TOO_LARGE", /413/],
    [429, "", "TOO_MANY_REQUESTS", /429/],
    [500, "<html>garbage", "CONNECTION_FAILED", /500.*It is tried again/],
    [503, "", "CONNECTION_FAILED", /503/],
  ])(
    "tells a write answered with %d, once, and asks nobody again",
    async (status, body, code, words) => {
      const client = new InfluxClient({ url, database: "d", username: "u", password: "secret" });
      answer = { status, body };
      const failed = client.write(lines);
      await expect(failed).rejects.toMatchObject({ code, message: expect.stringMatching(words) });
      await expect(failed).rejects.not.toThrow("secret");
      answer = { status: 204, body: "" };
      await client.write(["other value=1"]);
      expect(requests.map(({ body: sent }) => sent)).toEqual([lines[0], "other value=1"]);
      await client.close();
    },
  );

  it("says that nobody is there", async () => {
    server.close();
    const client = new InfluxClient({ url, database: "d" });
    const expected = {
      code: "CONNECTION_FAILED",
      message: expect.stringMatching(/ECONNREFUSED.*Check that it runs/),
    };
    await expect(client.write(lines)).rejects.toMatchObject(expected);
    await expect(client.query("SELECT 1")).rejects.toMatchObject(expected);
    await client.close();
  });

  it("gives a question up with its signal", async () => {
    const client = new InfluxClient({ url, database: "d" });
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(client.query("SELECT 1", gone)).rejects.toThrow("gone");
    await client.close();
  });
});

describe("parseCsv", () => {
  it("reads what InfluxDB 1.6 answers", () => {
    // As InfluxDB 1.6.7 answered two statements with epoch=ns.
    const text =
      "name,tags,time,value,text,mark,detail\nsample,,1000000001,1,,0,\n" +
      'sample,,2500000000,,,2,"x ""y"" , z"\nsample,,3800000000,,"h\ni",0,\n\n' +
      "name,tags,time,last\nsample,,3700000000,2\n";
    const rows = parseCsv(text).map((row) => Object.fromEntries(row));
    expect(rows).toEqual([
      { name: "sample", tags: "", time: "1000000001", value: "1", text: "", mark: "0", detail: "" },
      {
        name: "sample",
        tags: "",
        time: "2500000000",
        value: "",
        text: "",
        mark: "2",
        detail: 'x "y" , z',
      },
      {
        name: "sample",
        tags: "",
        time: "3800000000",
        value: "",
        text: "h\ni",
        mark: "0",
        detail: "",
      },
      { name: "sample", tags: "", time: "3700000000", last: "2" },
    ]);
  });

  it.each(["", "\n"])("reads nothing from %j", (text) => {
    expect(parseCsv(text)).toEqual([]);
  });
});
