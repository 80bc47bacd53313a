BEGIN TRANSACTION;
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE equity (
	account VARCHAR(64) NOT NULL, 
	day VARCHAR(10) NOT NULL, 
	currency VARCHAR(16) NOT NULL, 
	opening VARCHAR(64) NOT NULL, 
	latest VARCHAR(64) NOT NULL, 
	peak VARCHAR(64) NOT NULL, 
	updated VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_equity PRIMARY KEY (account, day)
);
INSERT INTO "equity" VALUES('kraken:tania_gilbert','2026-11-28','USD','0','0','0','2026-11-28T10:34:54.545620Z');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	market VARCHAR(32), 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,'kraken:tania_gilbert','2026-11-28T10:36:01.103168Z','stop_trading',NULL,'{"by": "command"}');
CREATE TABLE fills (
	account VARCHAR(64) NOT NULL, 
	fill_id VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	order_id VARCHAR(64) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	side VARCHAR(4) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	price VARCHAR(64) NOT NULL, 
	fee VARCHAR(64) NOT NULL, 
	fee_currency VARCHAR(16) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	maker BOOLEAN NOT NULL, 
	booked VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_fills PRIMARY KEY (account, fill_id), 
	CONSTRAINT fk_fills_account_client_id FOREIGN KEY(account, client_id) REFERENCES intents (account, client_id)
);
INSERT INTO "fills" VALUES('kraken:tania_gilbert','TCZIF2-DHE4V-FC5EWW','6e696a61-0194-44f3-8f54-f0e5a7a62248','OZL5CC-LOLHO-46UISF','BTC/USD','buy','0.00123631','78735.00000','0.38930','USD','2026-11-28T10:35:16.604562Z',0,'2026-11-28T10:35:33.208177Z');
INSERT INTO "fills" VALUES('kraken:tania_gilbert','T5MGDB-MNCQL-APFFYN','6e696a61-03cd-4f8f-a3d6-b9b9d38392f6','ODIN67-GU2QK-ECBBXS','BTC/USD','sell','0.00123631','71088.30000','0.35150','USD','2026-11-28T10:35:19.431477Z',0,'2026-11-28T10:35:33.225500Z');
INSERT INTO "fills" VALUES('kraken:tania_gilbert','TYPOGU-XNCWU-UE4XZE','6e696a61-01b6-4b68-b40a-58c95d54bdcc','OE6WCW-VNS5V-P6UYRY','BTC/USD','buy','0.00137161','56126.80000','0.30790','USD','2026-11-28T10:35:51.278164Z',0,'2026-11-28T10:35:51.514969Z');
INSERT INTO "fills" VALUES('kraken:tania_gilbert','TJOOSB-TBFJQ-XBANHW','6e696a61-03d7-4a2b-ab38-27e5389809b9','OKDTJT-KBH5O-VROV4U','BTC/USD','sell','0.00137161','52132.70000','0.28600','USD','2026-11-28T10:36:00.989395Z',0,'2026-11-28T10:36:15.715724Z');
CREATE TABLE intents (
	account VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	position_id VARCHAR(36) NOT NULL, 
	purpose VARCHAR(8) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	side VARCHAR(4) NOT NULL, 
	type VARCHAR(8) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	limit_price VARCHAR(64), 
	stop_price VARCHAR(64), 
	post_only BOOLEAN NOT NULL, 
	deadline VARCHAR(32) NOT NULL, 
	signal_time VARCHAR(32), 
	strategy VARCHAR(128) NOT NULL, 
	reason TEXT NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	exchange_id VARCHAR(64), 
	filled VARCHAR(64) NOT NULL, 
	settled BOOLEAN NOT NULL, 
	passing BOOLEAN NOT NULL, 
	outcome TEXT NOT NULL, 
	created VARCHAR(32) NOT NULL, 
	updated VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_intents PRIMARY KEY (account, client_id), 
	CONSTRAINT fk_intents_account_position_id FOREIGN KEY(account, position_id) REFERENCES positions (account, id)
);
INSERT INTO "intents" VALUES('kraken:tania_gilbert','6e696a61-0194-44f3-8f54-f0e5a7a62248','6e696a61-0194-44f3-8f54-f0e5a7a62248','entry','BTC/USD','buy','market','0.00123631',NULL,NULL,0,'2026-11-28T10:35:46.493809Z','2008-12-31T00:00:00.000000Z','trend','entry signal','filled','OZL5CC-LOLHO-46UISF','0.00123631',1,0,'','2026-11-28T10:35:16.493781Z','2026-11-28T10:35:33.208177Z');
INSERT INTO "intents" VALUES('kraken:tania_gilbert','6e696a61-03cd-4f8f-a3d6-b9b9d38392f6','6e696a61-0194-44f3-8f54-f0e5a7a62248','stop','BTC/USD','sell','stop','0.00123631',NULL,'71171.2',0,'2026-11-28T10:35:36.635906Z',NULL,'trend','protective stop','filled','ODIN67-GU2QK-ECBBXS','0.00123631',1,0,'','2026-11-28T10:35:16.635932Z','2026-11-28T10:35:33.225500Z');
INSERT INTO "intents" VALUES('kraken:tania_gilbert','6e696a61-01b6-4b68-b40a-58c95d54bdcc','6e696a61-01b6-4b68-b40a-58c95d54bdcc','entry','BTC/USD','buy','market','0.00137161',NULL,NULL,0,'2026-11-28T10:36:21.077184Z','2009-01-23T00:00:00.000000Z','trend','entry signal','filled','OE6WCW-VNS5V-P6UYRY','0.00137161',1,0,'','2026-11-28T10:35:51.077157Z','2026-11-28T10:35:51.514969Z');
INSERT INTO "intents" VALUES('kraken:tania_gilbert','6e696a61-03d7-4a2b-ab38-27e5389809b9','6e696a61-01b6-4b68-b40a-58c95d54bdcc','stop','BTC/USD','sell','stop','0.00137161',NULL,'52173.3',0,'2026-11-28T10:36:11.295283Z',NULL,'trend','protective stop','filled','OKDTJT-KBH5O-VROV4U','0.00137161',1,0,'','2026-11-28T10:35:51.295303Z','2026-11-28T10:36:15.715724Z');
CREATE TABLE keys (
	account VARCHAR(64) NOT NULL, 
	fingerprint VARCHAR(8) NOT NULL, 
	account_uid VARCHAR(128) NOT NULL, 
	permissions TEXT NOT NULL, 
	first_seen VARCHAR(32) NOT NULL, 
	last_seen VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_keys PRIMARY KEY (account, fingerprint)
);
CREATE TABLE latches (
	account VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	reason TEXT NOT NULL, 
	since VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_latches PRIMARY KEY (account, name)
);
INSERT INTO "latches" VALUES('kraken:tania_gilbert','stop_trading','stopped by command','2026-11-28T10:36:01.103168Z');
CREATE TABLE marks (
	account VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_marks PRIMARY KEY (account, name)
);
INSERT INTO "marks" VALUES('kraken:tania_gilbert','reconciled','2026-11-28T10:34:54.508476Z');
CREATE TABLE positions (
	account VARCHAR(64) NOT NULL, 
	id VARCHAR(36) NOT NULL, 
	market VARCHAR(32) NOT NULL, 
	opened VARCHAR(32) NOT NULL, 
	signal_time VARCHAR(32), 
	strategy VARCHAR(128) NOT NULL, 
	stop_price VARCHAR(64), 
	exit_reason TEXT, 
	closed VARCHAR(32), 
	CONSTRAINT pk_positions PRIMARY KEY (account, id)
);
INSERT INTO "positions" VALUES('kraken:tania_gilbert','6e696a61-0194-44f3-8f54-f0e5a7a62248','BTC/USD','2026-11-28T10:35:16.493781Z','2008-12-31T00:00:00.000000Z','trend','71171.2',NULL,'2026-11-28T10:35:33.234294Z');
INSERT INTO "positions" VALUES('kraken:tania_gilbert','6e696a61-01b6-4b68-b40a-58c95d54bdcc','BTC/USD','2026-11-28T10:35:51.077157Z','2009-01-23T00:00:00.000000Z','trend','52173.3','trend exit on the candle closed 2009-01-30 00:00','2026-11-28T10:36:15.725811Z');
CREATE TABLE transitions (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	client_id VARCHAR(36) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	filled VARCHAR(64) NOT NULL, 
	note TEXT NOT NULL, 
	CONSTRAINT pk_transitions PRIMARY KEY (id), 
	CONSTRAINT fk_transitions_account_client_id FOREIGN KEY(account, client_id) REFERENCES intents (account, client_id)
);
INSERT INTO "transitions" VALUES(9,'kraken:tania_gilbert','6e696a61-0194-44f3-8f54-f0e5a7a62248','2026-11-28T10:35:16.493781Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(10,'kraken:tania_gilbert','6e696a61-0194-44f3-8f54-f0e5a7a62248','2026-11-28T10:35:16.566244Z','sent','0','');
INSERT INTO "transitions" VALUES(11,'kraken:tania_gilbert','6e696a61-0194-44f3-8f54-f0e5a7a62248','2026-11-28T10:35:16.626712Z','open','0','');
INSERT INTO "transitions" VALUES(12,'kraken:tania_gilbert','6e696a61-0194-44f3-8f54-f0e5a7a62248','2026-11-28T10:35:16.677724Z','filled','0.00123631','');
INSERT INTO "transitions" VALUES(13,'kraken:tania_gilbert','6e696a61-03cd-4f8f-a3d6-b9b9d38392f6','2026-11-28T10:35:16.635932Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(14,'kraken:tania_gilbert','6e696a61-03cd-4f8f-a3d6-b9b9d38392f6','2026-11-28T10:35:16.708559Z','sent','0','');
INSERT INTO "transitions" VALUES(15,'kraken:tania_gilbert','6e696a61-03cd-4f8f-a3d6-b9b9d38392f6','2026-11-28T10:35:16.755266Z','open','0','');
INSERT INTO "transitions" VALUES(16,'kraken:tania_gilbert','6e696a61-03cd-4f8f-a3d6-b9b9d38392f6','2026-11-28T10:35:25.975547Z','filled','0.00123631','stopped');
INSERT INTO "transitions" VALUES(17,'kraken:tania_gilbert','6e696a61-01b6-4b68-b40a-58c95d54bdcc','2026-11-28T10:35:51.077157Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(18,'kraken:tania_gilbert','6e696a61-01b6-4b68-b40a-58c95d54bdcc','2026-11-28T10:35:51.202303Z','sent','0','');
INSERT INTO "transitions" VALUES(19,'kraken:tania_gilbert','6e696a61-01b6-4b68-b40a-58c95d54bdcc','2026-11-28T10:35:51.279689Z','open','0','');
INSERT INTO "transitions" VALUES(20,'kraken:tania_gilbert','6e696a61-01b6-4b68-b40a-58c95d54bdcc','2026-11-28T10:35:51.353248Z','filled','0.00137161','');
INSERT INTO "transitions" VALUES(21,'kraken:tania_gilbert','6e696a61-03d7-4a2b-ab38-27e5389809b9','2026-11-28T10:35:51.295303Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(22,'kraken:tania_gilbert','6e696a61-03d7-4a2b-ab38-27e5389809b9','2026-11-28T10:35:51.387416Z','sent','0','');
INSERT INTO "transitions" VALUES(23,'kraken:tania_gilbert','6e696a61-03d7-4a2b-ab38-27e5389809b9','2026-11-28T10:35:51.444972Z','open','0','');
INSERT INTO "transitions" VALUES(24,'kraken:tania_gilbert','6e696a61-03d7-4a2b-ab38-27e5389809b9','2026-11-28T10:36:01.933661Z','filled','0.00137161','stopped,amended');
CREATE TABLE write_offs (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	position_id VARCHAR(36) NOT NULL, 
	amount VARCHAR(64) NOT NULL, 
	reason TEXT NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_write_offs PRIMARY KEY (id), 
	CONSTRAINT fk_write_offs_account_position_id FOREIGN KEY(account, position_id) REFERENCES positions (account, id)
);
CREATE UNIQUE INDEX ix_positions_open ON positions (account, market) WHERE closed IS NULL;
CREATE INDEX ix_events_account_time ON events (account, time);
CREATE INDEX ix_intents_position_id ON intents (account, position_id);
CREATE UNIQUE INDEX ix_intents_signal ON intents (account, market, signal_time) WHERE purpose = 'entry' AND NOT passing;
CREATE INDEX ix_intents_unsettled ON intents (account) WHERE NOT settled;
CREATE UNIQUE INDEX ix_intents_exchange_id ON intents (account, exchange_id);
CREATE INDEX ix_write_offs_position_id ON write_offs (account, position_id);
CREATE INDEX ix_transitions_client_id ON transitions (account, client_id);
CREATE INDEX ix_fills_client_id ON fills (account, client_id);
COMMIT;
