/**
 * An emergency takes the page: where, what, how much, what to do first, who was told, and one button to
 * take it. It sounds until somebody has. Looking at the place folds it into a band, never away.
 */
import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { AlarmView } from "../../api/contract.ts";
import { actionQueue, takesPage } from "../alarms/queue.ts";
import { useDesk, useMayAct, useWords } from "../desk.ts";
import { toAlarm, toSpace } from "../routes.ts";
import { AlarmSentence } from "./alarm-text.tsx";
import { PriorityMark } from "./mark.tsx";
import { useModal } from "./modal.ts";
import { Age, Moment } from "./moment.tsx";
import { PlacePath, usePlaceName } from "./place.tsx";
import { ProblemNote } from "./problem.tsx";
import { useTakeAlarm } from "./take-alarm.tsx";

export function Emergency() {
  const { store, siren } = useDesk();
  const mutedIds = useSignal<ReadonlySet<string>>(new Set());
  const foldedIds = useSignal<ReadonlySet<string>>(new Set());
  const emergencies = actionQueue(store.alarms.value).filter(takesPage);
  useSignalEffect(() => {
    const isLoud = store.alarms.value.some(
      (alarm) => takesPage(alarm) && !mutedIds.value.has(alarm.id),
    );
    if (isLoud) siren.start();
    else siren.stop();
  });
  useEffect(() => () => siren.stop(), [siren]);
  const [first] = emergencies;
  if (!first) return null;
  const ids = new Set(emergencies.map(({ id }) => id));
  const unfolded = emergencies.find(({ id }) => !foldedIds.value.has(id));
  const controls = {
    count: emergencies.length,
    isMuted: emergencies.every(({ id }) => mutedIds.value.has(id)),
    mute: () => {
      mutedIds.value = ids;
    },
    fold: () => {
      foldedIds.value = ids;
    },
    unfold: () => {
      foldedIds.value = new Set<string>();
    },
  };
  return unfolded ? (
    <EmergencyDialog key={unfolded.id} alarm={unfolded} controls={controls} />
  ) : (
    <EmergencyBand alarm={first} controls={controls} />
  );
}

interface Controls {
  readonly count: number;
  readonly isMuted: boolean;
  readonly mute: () => void;
  readonly fold: () => void;
  readonly unfold: () => void;
}

interface EmergencyProps {
  readonly alarm: AlarmView;
  readonly controls: Controls;
}

function EmergencyDialog({ alarm, controls }: EmergencyProps) {
  const { t, name } = useWords();
  const dialog = useModal();
  const place = usePlaceName(alarm.space);
  return (
    <dialog
      ref={dialog}
      class="emergency"
      role="alertdialog"
      aria-labelledby="emergency-place"
      aria-describedby="emergency-what"
      onCancel={(event) => event.preventDefault()}
    >
      <header class="emergency-head">
        <PriorityMark priority="emergency" />
        <span>{t("priority.emergency")}</span>
        <Age since={alarm.raisedAt} />
        {controls.count > 1 && <span>{t("emergency.more", { count: controls.count - 1 })}</span>}
      </header>
      <h1 id="emergency-place">{place}</h1>
      <FrozenNote space={alarm.space} />
      <p id="emergency-what" class="emergency-what">
        <AlarmSentence alarm={alarm} />
      </p>
      {alarm.response && (
        <section class="emergency-first">
          <h2>{t("emergency.first")}</h2>
          <p>{name(alarm.response)}</p>
        </section>
      )}
      <Told alarm={alarm} />
      <EmergencyActions alarm={alarm} controls={controls} />
    </dialog>
  );
}

function FrozenNote({ space }: { readonly space: string }) {
  const { store } = useDesk();
  const { t } = useWords();
  const known = store.spaces.value.get(space);
  return known?.frozen ? <p>{t("frozen.short")}</p> : null;
}

function Told({ alarm }: { readonly alarm: AlarmView }) {
  const { t } = useWords();
  const told = alarm.history.filter(
    ({ what }) => what === "notified" || what === "notificationFailed",
  );
  return (
    <section class="emergency-told">
      <h2>{t("emergency.told")}</h2>
      {told.length === 0 && <p>{t("emergency.toldNobody")}</p>}
      <ul>
        {told.map((step) => (
          <li key={`${step.at}${step.channel ?? ""}`}>
            <Moment at={step.at} /> {step.channel ?? ""} {t(`alarm.step.${step.what}`)}
          </li>
        ))}
      </ul>
    </section>
  );
}

function EmergencyActions({ alarm, controls }: EmergencyProps) {
  const { t } = useWords();
  const { go } = useDesk();
  const mayAct = useMayAct();
  const { take, isSending, problem } = useTakeAlarm(alarm);
  const leave = (href: string) => () => {
    controls.fold();
    go(href);
  };
  return (
    <footer class="emergency-actions">
      <button
        type="button"
        class="primary large"
        disabled={isSending.value || !mayAct}
        onClick={() => void take()}
      >
        {isSending.value ? t("sending") : t("alarm.take")}
      </button>
      {!mayAct && <p>{t("role.mayNotAct")}</p>}
      <ProblemNote problem={problem.value} />
      <SoundControl controls={controls} />
      <button type="button" onClick={leave(toSpace(alarm.space))}>
        {t("emergency.place")}
      </button>
      <button type="button" onClick={leave(toAlarm(alarm.id))}>
        {t("emergency.details")}
      </button>
    </footer>
  );
}

function SoundControl({ controls }: { readonly controls: Controls }) {
  const { siren } = useDesk();
  const { t } = useWords();
  if (siren.state.value === "unavailable") return <p>{t("sound.unavailable")}</p>;
  if (controls.isMuted) return <p class="muted-note">{t("sound.muted")}</p>;
  if (siren.state.value === "locked") {
    return (
      <button key="unlock" type="button" onClick={() => void siren.unlock()}>
        {t("sound.lockedNow")}
      </button>
    );
  }
  return (
    <button key="mute" type="button" onClick={controls.mute}>
      {t("sound.mute")}
    </button>
  );
}

function EmergencyBand({ alarm, controls }: EmergencyProps) {
  const { t } = useWords();
  const mayAct = useMayAct();
  const { take, isSending, problem } = useTakeAlarm(alarm);
  return (
    <section class="band is-alarm is-emergency-band" aria-label={t("priority.emergency")}>
      <PriorityMark priority="emergency" />
      <div>
        <PlacePath space={alarm.space} isLinkToLast />
        <AlarmSentence alarm={alarm} />
        <ProblemNote problem={problem.value} />
      </div>
      <span class="actions">
        <button
          type="button"
          class="primary"
          disabled={isSending.value || !mayAct}
          onClick={() => void take()}
        >
          {t("alarm.take")}
        </button>
        <button type="button" onClick={controls.unfold}>
          {t("emergency.unfold")}
        </button>
      </span>
    </section>
  );
}
