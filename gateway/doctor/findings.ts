/**
 * A line's report as sentences, pure: first what the doctor concludes, then each device in one line,
 * those in trouble before the healthy.
 */
import type { Label } from "../../core/label.ts";
import type { Finding } from "../../core/line-findings.ts";
import { type Instant, toIso } from "../../core/time.ts";
import type { BusReport, DeviceReport } from "../sources/modbus/doctor.ts";

export function findingsOf(report: BusReport): readonly Finding[] {
  const devices = report.devices.toSorted((a, b) => trouble(b) - trouble(a));
  const told = devices.map((device) => ({
    ...summary(device, report.state),
    device: device.device,
  }));
  return [...report.sentences, ...told];
}

/** Silent ones first, then by the share of requests that brought nothing. */
const trouble = (device: DeviceReport): number =>
  device.recent === 0 ? 0 : (device.silentSince === undefined ? 0 : 1) + failedShare(device);

const failedShare = ({ shares }: DeviceReport): number =>
  shares.timeout + shares.crc + shares.frame + shares.exception + shares.lost;

/** Behind a connection that is down nothing is known of a device but when it answered last. */
function summary(report: DeviceReport, line: BusReport["state"]): Label {
  const { device, unit, recent, silentSince, failuresInRow } = report;
  const who = { zh: `从站 ${unit}（${device}）`, en: `unit ${unit} (${device})` };
  if (recent === 0) {
    return { zh: `${who.zh}：尚未询问`, en: `${who.en}: not asked yet` };
  }
  const last = lastGood(report.lastGood);
  if (line === "lost") return { zh: `${who.zh}：${last.zh}`, en: `${who.en}: ${last.en}` };
  if (silentSince !== undefined) {
    const requests = failuresInRow === 1 ? "request" : `${failuresInRow} requests`;
    return {
      zh: `${who.zh}：最近连续 ${failuresInRow} 次请求无有效应答；${last.zh}`,
      en: `${who.en}: no good answer to the last ${requests}; ${last.en}`,
    };
  }
  return healthy(report, who);
}

/** Short, so that a full line's devices fit into one text; its day is that of the findings. */
function healthy(report: DeviceReport, who: Label): Label {
  const p95 = milliseconds(report.answerMsP95);
  const failed = `${Number((100 * failedShare(report)).toFixed(1))} %`;
  const last = report.lastGood === undefined ? "?" : `${toIso(report.lastGood).slice(11, 19)}Z`;
  return {
    zh: `${who.zh}：95 % 应答在 ${p95} 内，失败 ${failed}，最近 ${last}`,
    en: `${who.en}: 95 % within ${p95}, ${failed} failed, last ${last}`,
  };
}

const milliseconds = (ms: number | undefined): string =>
  ms === undefined ? "?" : `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;

function lastGood(time: Instant | undefined): Label {
  if (time === undefined) return { zh: "从未有过有效应答", en: "never answered" };
  const at = `${toIso(time).slice(0, 19)}Z`;
  return { zh: `最近一次有效应答 ${at}`, en: `last good answer ${at}` };
}
