/** What did not work and what to do, said where it happened. */
import type { Problem } from "../api/problem.ts";
import { useWords } from "../desk.ts";
import { problemPhrase } from "../texts/phrases.ts";

export function ProblemNote({ problem }: { readonly problem: Problem | undefined }) {
  const words = useWords();
  return (
    <p class="problem" role="alert" hidden={problem === undefined}>
      {problem && problemPhrase(problem, words)}
    </p>
  );
}
