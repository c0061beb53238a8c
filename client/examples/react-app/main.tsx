// The accounts and the latest transactions of a user, which change on the page when they change at the bank.
//   npm install && npm run dev     in a copy of this folder
// Anyone who uses the browser can read its key. Use it only for your own tools, with only accounts:read and
// transactions:read.
import { createClient, type FiscilityClient, type FiscilityError } from "@fiscility/client";
import { createQueries, useLiveChanges } from "@fiscility/client/react";
import {
  QueryClient,
  QueryClientProvider,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import { createRoot } from "react-dom/client";

// The client itself retries.
const queryClient = new QueryClient({ defaultOptions: { queries: { retry: false } } });

function App() {
  const [client, setClient] = useState<FiscilityClient | null>(null);
  const [problem, setProblem] = useState("");

  function connect(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const [baseUrl, apiKey] = [String(form.get("url")), String(form.get("key"))];
    try {
      setClient(createClient({ baseUrl, apiKey }));
    } catch (error) {
      setProblem((error as FiscilityError).message);
    }
  }

  if (client) return <Accounts client={client} />;
  return (
    <form onSubmit={connect}>
      <label>
        Fiscility <input name="url" defaultValue="http://localhost:3000" />
      </label>
      <label>
        API key <input name="key" type="password" autoComplete="off" />
      </label>
      <button type="submit">Show accounts</button>
      <p role="alert">{problem}</p>
    </form>
  );
}

function Accounts({ client }: { client: FiscilityClient }) {
  const queries = useMemo(() => createQueries(client), [client]);
  const [over, setOver] = useState("");
  useLiveChanges(client, (error) => setOver(error.message));
  const { data, error } = useQuery(queries.accounts.list.queryOptions());
  const history = useInfiniteQuery(queries.transactions.infiniteQueryOptions());

  if (error) return <p role="alert">{error.message}</p>;
  if (!data) return <p>Loading…</p>;
  const accounts = data.items.flatMap((item) => item.accounts);
  return (
    <main>
      <h1>{accounts.length === 0 ? "No accounts yet" : "Accounts"}</h1>
      <ul>
        {accounts.map(({ id, name, mask, balances }) => (
          <li key={id}>
            {name} ••{mask}: {balances.current} {balances.currency}
          </li>
        ))}
      </ul>
      <h2>Transactions</h2>
      <ol>
        {history.data?.pages
          .flatMap((page) => page.transactions)
          .map(({ id, date, name, amount, currency }) => (
            <li key={id}>
              {date} {name} {amount} {currency}
            </li>
          ))}
      </ol>
      {history.hasNextPage ? (
        <button type="button" onClick={() => history.fetchNextPage()}>
          Show older transactions
        </button>
      ) : null}
      <p role="status">{over}</p>
    </main>
  );
}

createRoot(document.getElementById("root") as HTMLElement).render(
  <QueryClientProvider client={queryClient}>
    <App />
  </QueryClientProvider>,
);
