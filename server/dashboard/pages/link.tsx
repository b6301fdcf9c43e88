/** A one-time link: opening it shows what it is for, pressing the button uses it. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { LinkPurposeView, SessionView } from "../../api/contract.ts";
import type { Answer, Problem } from "../api/problem.ts";
import { useDesk, useWords } from "../desk.ts";
import { LanguageChooser } from "../parts/chooser.tsx";
import { ProblemNote } from "../parts/problem.tsx";
import { Field } from "./sign-in.tsx";

const PASSWORD_CHARACTERS_MIN = 12;

export function LinkPage({ link }: { readonly link: string }) {
  const { client } = useDesk();
  const { t } = useWords();
  const purpose = useSignal<LinkPurposeView | undefined>(undefined);
  const problem = useSignal<Problem | undefined>(undefined);
  useEffect(() => {
    void client.linkPurpose(link).then((answer) => {
      if (answer.ok) purpose.value = answer.value;
      else problem.value = answer.problem;
    });
  }, [client, link, problem, purpose]);
  return (
    <main class="sign-in">
      <LanguageChooser />
      <h1>{t("product")}</h1>
      <p class="quiet">{t("product.what")}</p>
      {problem.value && <ProblemNote problem={problem.value} />}
      {problem.value && <a href="#/">{t("link.signInInstead")}</a>}
      {purpose.value?.kind === "signIn" && <SignInByLink link={link} user={purpose.value.user} />}
      {purpose.value?.kind === "setPassword" && (
        <SetPassword link={link} user={purpose.value.user} />
      )}
    </main>
  );
}

/** Takes the seat when the answer is a session. */
function useSeatTaking() {
  const { go, seat, siren } = useDesk();
  const problem = useSignal<Problem | undefined>(undefined);
  const isSending = useSignal(false);
  const sit = async (ask: () => Promise<Answer<SessionView>>): Promise<void> => {
    void siren.unlock();
    isSending.value = true;
    const answer = await ask();
    isSending.value = false;
    problem.value = answer.ok ? undefined : answer.problem;
    if (!answer.ok) return;
    go("#/");
    seat.value = { kind: "taken", session: answer.value };
  };
  return { sit, problem, isSending };
}

interface LinkProps {
  readonly link: string;
  readonly user: string;
}

function SignInByLink({ link, user }: LinkProps) {
  const { client } = useDesk();
  const { t } = useWords();
  const { sit, problem, isSending } = useSeatTaking();
  return (
    <>
      <p>{t("link.signIn", { user })}</p>
      <button
        type="button"
        class="primary large"
        disabled={isSending.value}
        onClick={() => void sit(() => client.signInByLink(link))}
      >
        {isSending.value ? t("sending") : t("signIn")}
      </button>
      <ProblemNote problem={problem.value} />
    </>
  );
}

function SetPassword({ link, user }: LinkProps) {
  const { client } = useDesk();
  const { t } = useWords();
  const password = useSignal("");
  const { sit, problem, isSending } = useSeatTaking();
  const submit = (event: Event): void => {
    event.preventDefault();
    void sit(() => client.setPassword(link, password.value));
  };
  return (
    <form onSubmit={submit}>
      <p>{t("link.setPassword", { user })}</p>
      <Field
        label={t("link.newPassword", { count: PASSWORD_CHARACTERS_MIN })}
        type="password"
        complete="new-password"
        value={password}
        charactersMin={PASSWORD_CHARACTERS_MIN}
      />
      <ProblemNote problem={problem.value} />
      <button type="submit" class="primary" disabled={isSending.value}>
        {isSending.value ? t("sending") : t("link.save")}
      </button>
    </form>
  );
}
