import { useDesk, useWords } from "../desk.ts";

export function SignOut() {
  const { client, seat } = useDesk();
  const { t } = useWords();
  const leave = async (): Promise<void> => {
    await client.signOut();
    seat.value = { kind: "nobody" };
  };
  return (
    <button type="button" onClick={() => void leave()}>
      {t("signOut")}
    </button>
  );
}
