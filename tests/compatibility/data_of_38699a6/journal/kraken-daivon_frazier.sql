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
INSERT INTO "equity" VALUES('kraken:daivon_frazier','2026-11-28','USD','0','76.7944794230000','76.7944794230000','2026-11-28T10:37:08.222094Z');
CREATE TABLE events (
	id INTEGER NOT NULL, 
	account VARCHAR(64) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	market VARCHAR(32), 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_events PRIMARY KEY (id)
);
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
INSERT INTO "fills" VALUES('kraken:daivon_frazier','TQTVI5-N7S55-IBSSKL','6e696a61-0138-4fee-9aff-8c69ebc5c965','OMHM4U-D2L2Q-3RL77R','BTC/USD','buy','0.00606079','56126.80000','1.36060','USD','2026-11-28T10:35:51.279406Z',0,'2026-11-28T10:35:51.624681Z');
INSERT INTO "fills" VALUES('kraken:daivon_frazier','TDLOR6-M3EP4-2UC7LV','6e696a61-039b-4f94-b40a-e745ff63851f','OZLIAR-CIOLG-N5RV7U','BTC/USD','sell','0.00606079','52132.70000','1.26380','USD','2026-11-28T10:36:00.989557Z',0,'2026-11-28T10:36:13.680967Z');
INSERT INTO "fills" VALUES('kraken:daivon_frazier','TJIQYP-OM6YW-BYNWPC','6e696a61-019f-4c30-82e8-34860126bf08','OWG7HY-Z4LPA-4SEKMP','BTC/USD','buy','0.00599849','50652.40000','1.21530','USD','2026-11-28T10:36:18.771020Z',0,'2026-11-28T10:36:37.896566Z');
INSERT INTO "fills" VALUES('kraken:daivon_frazier','T5K5FH-WTMEQ-H47VTD','6e696a61-03e9-447e-977a-db3f6c0c0293','OKV5WG-K5APL-FRKI2W','BTC/USD','sell','0.00599849','75063.40000','1.80100','USD','2026-11-28T10:37:09.559332Z',0,'2026-11-28T10:37:23.460673Z');
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
INSERT INTO "intents" VALUES('kraken:daivon_frazier','6e696a61-0138-4fee-9aff-8c69ebc5c965','6e696a61-0138-4fee-9aff-8c69ebc5c965','entry','BTC/USD','buy','market','0.00606079',NULL,NULL,0,'2026-11-28T10:36:21.022208Z','2009-01-23T00:00:00.000000Z','trend','entry signal','filled','OMHM4U-D2L2Q-3RL77R','0.00606079',1,0,'','2026-11-28T10:35:51.022190Z','2026-11-28T10:35:51.624681Z');
INSERT INTO "intents" VALUES('kraken:daivon_frazier','6e696a61-039b-4f94-b40a-e745ff63851f','6e696a61-0138-4fee-9aff-8c69ebc5c965','stop','BTC/USD','sell','stop','0.00606079',NULL,'52173.3',0,'2026-11-28T10:36:11.291407Z',NULL,'trend','protective stop','filled','OZLIAR-CIOLG-N5RV7U','0.00606079',1,0,'','2026-11-28T10:35:51.291438Z','2026-11-28T10:36:13.680967Z');
INSERT INTO "intents" VALUES('kraken:daivon_frazier','6e696a61-019f-4c30-82e8-34860126bf08','6e696a61-019f-4c30-82e8-34860126bf08','entry','BTC/USD','buy','market','0.00599849',NULL,NULL,0,'2026-11-28T10:36:48.646015Z','2009-02-10T00:00:00.000000Z','trend','entry signal','filled','OWG7HY-Z4LPA-4SEKMP','0.00599849',1,0,'','2026-11-28T10:36:18.645908Z','2026-11-28T10:36:37.896566Z');
INSERT INTO "intents" VALUES('kraken:daivon_frazier','6e696a61-03e9-447e-977a-db3f6c0c0293','6e696a61-019f-4c30-82e8-34860126bf08','stop','BTC/USD','sell','stop','0.00599849',NULL,'75895.3',0,'2026-11-28T10:36:38.674208Z',NULL,'trend','protective stop','filled','OKV5WG-K5APL-FRKI2W','0.00599849',1,0,'','2026-11-28T10:36:18.674237Z','2026-11-28T10:37:23.460673Z');
INSERT INTO "intents" VALUES('kraken:daivon_frazier','6e696a61-0104-4b01-82c1-2e5845cb9154','6e696a61-0104-4b01-82c1-2e5845cb9154','entry','ETH/USD','buy','market','0.05984726',NULL,NULL,0,'2026-11-28T10:37:59.390077Z','2009-03-28T00:00:00.000000Z','trend','entry signal','unknown',NULL,'0',0,0,'Kraken may have acted, but its answer was lost: RemoteDisconnected','2026-11-28T10:37:29.390055Z','2026-11-28T10:37:29.507740Z');
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
INSERT INTO "latches" VALUES('kraken:daivon_frazier','drawdown','drawdown 35.20 % of 35.00 %','2026-11-28T10:37:30.000000Z');
CREATE TABLE marks (
	account VARCHAR(64) NOT NULL, 
	name VARCHAR(32) NOT NULL, 
	time VARCHAR(32) NOT NULL, 
	CONSTRAINT pk_marks PRIMARY KEY (account, name)
);
INSERT INTO "marks" VALUES('kraken:daivon_frazier','reconciled','2026-11-28T10:34:47.902982Z');
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
INSERT INTO "positions" VALUES('kraken:daivon_frazier','6e696a61-0138-4fee-9aff-8c69ebc5c965','BTC/USD','2026-11-28T10:35:51.022190Z','2009-01-23T00:00:00.000000Z','trend','52173.3','trend exit on the candle closed 2009-01-30 00:00','2026-11-28T10:36:13.688766Z');
INSERT INTO "positions" VALUES('kraken:daivon_frazier','6e696a61-019f-4c30-82e8-34860126bf08','BTC/USD','2026-11-28T10:36:18.645908Z','2009-02-10T00:00:00.000000Z','trend','75895.3','trend exit on the candle closed 2009-03-17 00:00','2026-11-28T10:37:23.468004Z');
INSERT INTO "positions" VALUES('kraken:daivon_frazier','6e696a61-0104-4b01-82c1-2e5845cb9154','ETH/USD','2026-11-28T10:37:29.390055Z','2009-03-28T00:00:00.000000Z','trend','3882.19',NULL,NULL);
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
INSERT INTO "transitions" VALUES(17,'kraken:daivon_frazier','6e696a61-0138-4fee-9aff-8c69ebc5c965','2026-11-28T10:35:51.022190Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(18,'kraken:daivon_frazier','6e696a61-0138-4fee-9aff-8c69ebc5c965','2026-11-28T10:35:51.182534Z','sent','0','');
INSERT INTO "transitions" VALUES(19,'kraken:daivon_frazier','6e696a61-0138-4fee-9aff-8c69ebc5c965','2026-11-28T10:35:51.297394Z','open','0','');
INSERT INTO "transitions" VALUES(20,'kraken:daivon_frazier','6e696a61-0138-4fee-9aff-8c69ebc5c965','2026-11-28T10:35:51.389853Z','filled','0.00606079','');
INSERT INTO "transitions" VALUES(21,'kraken:daivon_frazier','6e696a61-039b-4f94-b40a-e745ff63851f','2026-11-28T10:35:51.291438Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(22,'kraken:daivon_frazier','6e696a61-039b-4f94-b40a-e745ff63851f','2026-11-28T10:35:51.444038Z','sent','0','');
INSERT INTO "transitions" VALUES(23,'kraken:daivon_frazier','6e696a61-039b-4f94-b40a-e745ff63851f','2026-11-28T10:35:51.492293Z','open','0','');
INSERT INTO "transitions" VALUES(24,'kraken:daivon_frazier','6e696a61-039b-4f94-b40a-e745ff63851f','2026-11-28T10:36:01.834516Z','filled','0.00606079','stopped,amended');
INSERT INTO "transitions" VALUES(25,'kraken:daivon_frazier','6e696a61-019f-4c30-82e8-34860126bf08','2026-11-28T10:36:18.645908Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(26,'kraken:daivon_frazier','6e696a61-019f-4c30-82e8-34860126bf08','2026-11-28T10:36:18.761898Z','sent','0','');
INSERT INTO "transitions" VALUES(27,'kraken:daivon_frazier','6e696a61-019f-4c30-82e8-34860126bf08','2026-11-28T10:36:18.772085Z','open','0','');
INSERT INTO "transitions" VALUES(28,'kraken:daivon_frazier','6e696a61-019f-4c30-82e8-34860126bf08','2026-11-28T10:36:18.778462Z','filled','0.00599849','');
INSERT INTO "transitions" VALUES(29,'kraken:daivon_frazier','6e696a61-03e9-447e-977a-db3f6c0c0293','2026-11-28T10:36:18.674237Z','intended','0','protective stop');
INSERT INTO "transitions" VALUES(30,'kraken:daivon_frazier','6e696a61-03e9-447e-977a-db3f6c0c0293','2026-11-28T10:36:18.786345Z','sent','0','');
INSERT INTO "transitions" VALUES(31,'kraken:daivon_frazier','6e696a61-03e9-447e-977a-db3f6c0c0293','2026-11-28T10:36:18.793980Z','open','0','');
INSERT INTO "transitions" VALUES(32,'kraken:daivon_frazier','6e696a61-03e9-447e-977a-db3f6c0c0293','2026-11-28T10:37:11.377345Z','filled','0.00599849','stopped,amended');
INSERT INTO "transitions" VALUES(33,'kraken:daivon_frazier','6e696a61-0104-4b01-82c1-2e5845cb9154','2026-11-28T10:37:29.390055Z','intended','0','entry signal');
INSERT INTO "transitions" VALUES(34,'kraken:daivon_frazier','6e696a61-0104-4b01-82c1-2e5845cb9154','2026-11-28T10:37:29.502935Z','sent','0','');
INSERT INTO "transitions" VALUES(35,'kraken:daivon_frazier','6e696a61-0104-4b01-82c1-2e5845cb9154','2026-11-28T10:37:29.507740Z','unknown','0','Kraken may have acted, but its answer was lost: RemoteDisconnected');
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
INSERT INTO "write_offs" VALUES(1,'kraken:daivon_frazier','6e696a61-019f-4c30-82e8-34860126bf08','0.00000031','dust below the smallest order','2026-11-28T10:37:23.468004Z');
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
