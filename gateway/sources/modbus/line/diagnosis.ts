/**
 * What the doctor's numbers mean, pure: sentences in both languages for the person with the
 * screwdriver.
 */
import type { Label } from "../../../../core/label.ts";
import type { Instant } from "../../../../core/time.ts";
import type { BusReport, DeviceReport } from "../doctor.ts";

/** Devices that stop within this of each other have one cause. */
const TOGETHER_MS = 10_000;
/** Fewer failures in a row are no silence. */
const SILENT_FAILURES = 2;
/** Fewer transactions are not judged: a single fault would be 100 %. */
const JUDGED_MIN = 20;
const FULL_DUTY = 0.9;
const DAMAGED_SHARE = 0.02;
const CLASH_SHARE = 0.3;
const SLOW_SHARE = 0.05;
const REFUSING_SHARE = 0.05;

type Numbers = Omit<BusReport, "sentences">;

/** Times are said in `zone`, the clock on the wall of whoever reads. */
export function diagnose(report: Numbers, zone: string): readonly Label[] {
  const { line, duty } = report;
  const percent = Math.round(100 * duty);
  const full: Label = {
    en: `${line} is in use ${percent} % of the time: it is full`,
    zh: `${line} 的占用率为 ${percent} %，线路已满`,
  };
  const down: Label = {
    en: `${line}: the connection itself is down: look at the converter, its power and its network`,
    zh: `${line}：连接本身已中断，请检查转换器及其电源和网络`,
  };
  return [
    ...(report.state === "lost" ? [down] : silences(report, zone)),
    ...report.devices.flatMap(noisy),
    ...intruders(report),
    ...(duty > FULL_DUTY ? [full] : []),
  ];
}

const isSilent = (device: DeviceReport): boolean =>
  device.silentSince !== undefined && device.failuresInRow >= SILENT_FAILURES;

/** Devices that fell silent together, and where to look. */
function silences({ line, devices, strangers }: Numbers, zone: string): readonly Label[] {
  const silent = devices
    .filter(isSilent)
    .sort((a, b) => (a.silentSince ?? 0) - (b.silentSince ?? 0));
  const isAll = silent.length === devices.length;
  if (isAll && silent.length > 1 && devices.every((d) => d.lastGood === undefined)) {
    const isNoisy = strangers.garbage > 0;
    return [
      {
        en:
          `${line}: no unit ever answered${isNoisy ? ", but there is noise" : ""}: ` +
          "look at the baud rate, the parity and swapped wires A and B",
        zh: `${line}：没有任何从站应答${isNoisy ? "，但线路上有杂波" : ""}，请检查波特率、校验位以及 A、B 线是否接反`,
      },
    ];
  }
  const groups: DeviceReport[][] = [];
  for (const device of silent) {
    const group = groups.at(-1);
    const since = group?.[0]?.silentSince;
    const isSame = since !== undefined && (device.silentSince ?? 0) - since <= TOGETHER_MS;
    if (group !== undefined && isSame) group.push(device);
    else groups.push([device]);
  }
  return groups.map((group) => silence(group, devices, zone));
}

function silence(
  group: readonly DeviceReport[],
  all: readonly DeviceReport[],
  zone: string,
): Label {
  const [first, ...others] = group.toSorted((a, b) => a.unit - b.unit);
  if (first === undefined) throw new Error("a silence needs a device");
  const since = clockTime(group[0]?.silentSince, zone);
  if (others.length === 0) return loneSilence(first, since);
  const living = all.filter((device) => !isSilent(device)).map((device) => device.unit);
  const units = others.map((device) => device.unit).join(", ");
  const en = `unit ${first.unit} stopped at ${since} together with ${units}`;
  const zh = `从站 ${first.unit} 于 ${since} 与 ${units} 同时停止应答`;
  if (living.length === 0) {
    return { en: `${en}: look at the line or the converter`, zh: `${zh}，请检查线路或转换器` };
  }
  const neighbour = Math.max(...living.filter((unit) => unit < first.unit));
  if (!Number.isFinite(neighbour)) {
    return { en: `${en}: look at the cable they share`, zh: `${zh}，请检查它们共用的电缆` };
  }
  return {
    en: `${en}: look at the cable between ${neighbour} and ${first.unit}`,
    zh: `${zh}，请检查 ${neighbour} 与 ${first.unit} 之间的电缆`,
  };
}

function loneSilence({ unit, device, lastGood }: DeviceReport, since: string): Label {
  if (lastGood === undefined) {
    return {
      en: `unit ${unit} (${device}) never answered: look at its address, its power and its plug`,
      zh: `从站 ${unit}（${device}）从未应答，请检查其地址、电源和接线`,
    };
  }
  return {
    en: `unit ${unit} (${device}) is silent since ${since}: look at its power and plug`,
    zh: `从站 ${unit}（${device}）自 ${since} 起无应答，请检查其电源和接线`,
  };
}

function clockTime(time: Instant | undefined, zone: string): string {
  if (time === undefined) return "?";
  const text = new Date(time).toLocaleTimeString("en-GB", { timeZone: zone });
  return zone === "UTC" ? `${text}Z` : text;
}

function noisy({ unit, shares, recent, silentSince }: DeviceReport): readonly Label[] {
  if (recent < JUDGED_MIN) return [];
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  const sentences: Label[] = [];
  if (shares.crc > DAMAGED_SHARE) {
    const isClash = shares.crc > CLASH_SHARE;
    sentences.push({
      en:
        `unit ${unit}: ${percent(shares.crc)} of answers are damaged: ` +
        (isClash ? "two devices with one id, or " : "") +
        "termination, shielding, swapped wires or a wrong baud rate",
      zh:
        `从站 ${unit}：${percent(shares.crc)} 的应答损坏，可能是` +
        `${isClash ? "两台设备地址相同，或" : ""}终端电阻、屏蔽、接线或波特率有误`,
    });
  }
  if (silentSince === undefined && shares.timeout > SLOW_SHARE) {
    sentences.push({
      en:
        `unit ${unit} does not answer ${percent(shares.timeout)} of requests but lives: ` +
        "give it more time or a pause between requests",
      zh: `从站 ${unit} 对 ${percent(shares.timeout)} 的请求未应答但仍在线，请延长等待时间或加大请求间隔`,
    });
  }
  if (shares.exception > REFUSING_SHARE) {
    sentences.push({
      en: `unit ${unit} refuses ${percent(shares.exception)} of requests: does its profile fit?`,
      zh: `从站 ${unit} 拒绝了 ${percent(shares.exception)} 的请求，请核对设备模板是否匹配`,
    });
  }
  return sentences;
}

function intruders({ line, strangers }: Numbers): readonly Label[] {
  const sentences: Label[] = [];
  const { wrongUnit, lateAnswer, echo } = strangers;
  if (wrongUnit > 0) {
    sentences.push({
      en:
        `${line}: ${wrongUnit} answers came from a unit that was not asked: ` +
        "a second master on the line, or a device answering very late",
      zh: `${line}：有 ${wrongUnit} 个应答来自未被询问的从站，可能有第二个主站，或某设备应答过迟`,
    });
  }
  if (lateAnswer > 0) {
    sentences.push({
      en: `${line}: ${lateAnswer} answers came too late: raise the timeout`,
      zh: `${line}：有 ${lateAnswer} 个应答超时后才到，请延长等待时间`,
    });
  }
  if (echo > 0) {
    sentences.push({
      en: `${line}: the adapter hears its own requests: switch its echo off`,
      zh: `${line}：适配器收到自己发出的请求，请关闭其回显`,
    });
  }
  return sentences;
}
