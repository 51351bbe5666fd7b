DROP INDEX `cameras_name`;--> statement-breakpoint
CREATE INDEX `cameras_in_order` ON `cameras` ("name" collate nocase,`id`);