import { Form, Link } from "@remix-run/react";
import type { LinkState } from "../../server/auth/mailed-links.ts";
import { Button, buttonClass } from "../components/button.tsx";
import { PlainPage } from "./plain-page.tsx";
import { words } from "./words.ts";

/** Explains why an emailed link does not work, and how to go on. */
export function DeadLink({
  state,
  purpose,
}: {
  state: Exclude<LinkState, "good">;
  purpose: "confirm_email" | "reset_password";
}) {
  const { link } = words;
  if (state === "other_user") {
    return (
      <PlainPage title={link.title} lead={link.other_user}>
        <Form method="post" action="/logout">
          <Button type="submit" className="h-11 w-full">
            {link.logOut}
          </Button>
        </Form>
      </PlainPage>
    );
  }
  const confirms = purpose === "confirm_email";
  return (
    <PlainPage
      title={link.title}
      lead={
        <>
          {link[state]}{" "}
          {confirms ? (state === "used" ? link.confirmed : link.newConfirmation) : null}
        </>
      }
    >
      <Link
        to={confirms ? "/login" : "/forgot-password"}
        className={buttonClass("primary", "h-11 w-full")}
      >
        {confirms ? link.toLogIn : link.newReset}
      </Link>
    </PlainPage>
  );
}
