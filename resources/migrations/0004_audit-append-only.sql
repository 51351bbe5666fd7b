CREATE TRIGGER `audit_unchangeable` BEFORE UPDATE ON `audit` WHEN old.`hmac` <> ''
BEGIN
	SELECT RAISE(ABORT, 'The audit log is append-only.');
END;
--> statement-breakpoint
CREATE TRIGGER `audit_unremovable` BEFORE DELETE ON `audit`
	WHEN old.`seq` > coalesce((SELECT cast(`value` AS integer) FROM `desk_values` WHERE `key` = 'audit_anchor'), 0)
BEGIN
	SELECT RAISE(ABORT, 'The audit log is append-only.');
END;
