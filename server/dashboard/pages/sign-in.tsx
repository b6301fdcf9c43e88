/** Signing in with name and password; also on top of a page whose session has ended, which keeps its text. */
import { type Signal, useSignal } from "@preact/signals";
import type { TargetedInputEvent } from "preact";
import type { Problem } from "../api/problem.ts";
import { useDesk, useWords } from "../desk.ts";
import { LanguageChooser } from "../parts/chooser.tsx";
import { useModal } from "../parts/modal.ts";
import { ProblemNote } from "../parts/problem.tsx";

export function SignInPage() {
  const { t } = useWords();
  return (
    <main class="sign-in">
      <LanguageChooser />
      <h1>{t("product")}</h1>
      <p class="quiet">{t("product.what")}</p>
      <SignInForm />
      <p class="quiet">{t("signIn.help")}</p>
    </main>
  );
}

/** The page below stays as it is, so that nothing typed is lost. */
export function SignInAgain() {
  const { t } = useWords();
  const dialog = useModal();
  return (
    <dialog
      ref={dialog}
      class="sign-in"
      aria-labelledby="sign-in-again"
      onCancel={(event) => event.preventDefault()}
    >
      <h1 id="sign-in-again">{t("signIn.again")}</h1>
      <p>{t("signIn.againWhy")}</p>
      <SignInForm />
    </dialog>
  );
}

function SignInForm() {
  const { client, seat, siren } = useDesk();
  const { t } = useWords();
  const earlier = seat.value.kind === "expired" ? seat.value.session.user : "";
  const name = useSignal(earlier);
  const password = useSignal("");
  const isSending = useSignal(false);
  const problem = useSignal<Problem | undefined>(undefined);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    void siren.unlock();
    isSending.value = true;
    const answer = await client.signIn(name.value, password.value);
    isSending.value = false;
    problem.value = answer.ok ? undefined : answer.problem;
    if (answer.ok) seat.value = { kind: "taken", session: answer.value };
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <Field label={t("signIn.name")} type="text" complete="username" value={name} />
      <Field
        label={t("signIn.password")}
        type="password"
        complete="current-password"
        value={password}
      />
      <ProblemNote problem={problem.value} />
      <button type="submit" class="primary" disabled={isSending.value}>
        {isSending.value ? t("sending") : t("signIn")}
      </button>
    </form>
  );
}

interface FieldProps {
  readonly label: string;
  readonly type: "text" | "password";
  readonly complete: "username" | "current-password" | "new-password";
  readonly value: Signal<string>;
  readonly charactersMin?: number;
}

const CHARACTERS_MAX = 256;

export function Field({ label, type, complete, value, charactersMin }: FieldProps) {
  const shared = {
    required: true,
    autocomplete: complete,
    minLength: charactersMin,
    maxLength: CHARACTERS_MAX,
    value: value.value,
    onInput: (event: TargetedInputEvent<HTMLInputElement>) => {
      value.value = event.currentTarget.value;
    },
  } as const;
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the input stands in both branches below
    <label>
      {label}
      {type === "password" ? (
        <input type="password" {...shared} />
      ) : (
        <input type="text" {...shared} />
      )}
    </label>
  );
}
