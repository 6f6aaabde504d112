ALTER TABLE "auth"."session_ends" DROP CONSTRAINT "session_ends_user_id_users_id_fk";
