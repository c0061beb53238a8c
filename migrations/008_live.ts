import { type Kysely, sql } from "kysely";

/**
 * Notifications on the channel `fiscility_live`, sent by the changing transaction and received by every node
 * when it commits: a user's data version rose; a session or an API key ended.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    create function tell_changed() returns trigger language plpgsql as $$
    begin
      perform pg_notify('fiscility_live', json_build_object(
        'event', 'changed', 'userId', new.id, 'dataVersion', new.data_version)::text);
      return null;
    end $$;

    create trigger users_tell_changed after update of data_version on users
      for each row when (old.data_version is distinct from new.data_version)
      execute function tell_changed();

    create function tell_ended() returns trigger language plpgsql as $$
    begin
      perform pg_notify('fiscility_live', json_build_object('event', 'ended', 'id', old.id)::text);
      return null;
    end $$;

    create trigger sessions_tell_ended after delete on sessions
      for each row execute function tell_ended();
    create trigger api_keys_tell_ended after delete on api_keys
      for each row execute function tell_ended();
    create trigger api_keys_tell_revoked after update of revoked_at on api_keys
      for each row when (old.revoked_at is null and new.revoked_at is not null)
      execute function tell_ended();
  `.execute(db);
}
