-- SPDX-License-Identifier: MIT
-- A made-up organisation, the same at every run. Read by `sqlite3 organisation.db` in the folder of the demo:
-- organisation.db holds the profile registry, mailboxes and calendars, signins.db the sign-in log.
-- Numbers that look drawn at random come from multiplying the row number by odd constants.

PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
ATTACH 'signins.db' AS log;
PRAGMA log.journal_mode = OFF;
PRAGMA log.synchronous = OFF;
BEGIN;

CREATE TABLE inbound_shared_user_profiles (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    user_principal_name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    home_tenant_id TEXT NOT NULL,
    PRIMARY KEY (tenant_id, user_id)
) WITHOUT ROWID;

CREATE TABLE messages (
    message_id INTEGER PRIMARY KEY,
    tenant_id TEXT NOT NULL,
    mailbox TEXT NOT NULL,
    sent TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT,
    attachment BLOB
);

CREATE TABLE appointments (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    begins TEXT NOT NULL,
    title TEXT NOT NULL
);

CREATE TABLE log.sign_ins (
    tenant_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    at TEXT NOT NULL,
    application TEXT NOT NULL,
    address TEXT NOT NULL,
    was_successful INTEGER NOT NULL,
    latency_seconds REAL NOT NULL
);

CREATE TEMP TABLE numbers (i INTEGER PRIMARY KEY);
INSERT INTO numbers
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60000)
SELECT i FROM n;

CREATE TEMP TABLE first_names (number INTEGER PRIMARY KEY, name TEXT);
INSERT INTO first_names (name) VALUES
    ('Ada'), ('Björn'), ('Chloé'), ('Dörte'), ('Emeka'), ('Fatima'), ('Grzegorz'), ('Hana'), ('İpek'), ('João'),
    ('Kwame'), ('Lien'), ('Mária'), ('Noor'), ('Olena'), ('Priya'), ('Quentin'), ('Raúl'), ('Søren'), ('Thị Mai'),
    ('Umut'), ('Vasilisa'), ('Wanjiru'), ('Xóchitl'), ('Yūki'), ('Zoë'), ('שירה'), ('سارة'), ('光');

CREATE TEMP TABLE last_names (number INTEGER PRIMARY KEY, name TEXT);
INSERT INTO last_names (name) VALUES
    ('Abara'), ('Brontë'), ('Castaño'), ('D''Angelo'), ('Eriksson'), ('Farouk'), ('Großmann'), ('Horvát'),
    ('Iñárritu'), ('Jónsdóttir'), ('Kowalska'), ('Lefèvre'), ('Müller'), ('Nguyễn'), ('O''Brien'), ('Popović'),
    ('Quispe'), ('Rasmussen'), ('Şahin'), ('Tanaka'), ('Ünal'), ('Vass'), ('Weiß'), ('Xu'), ('Yılmaz'), ('Žižka'),
    ('"Zed" Zander'), ('<script>alert(1)</script>'), ('Smith & Sons'), ('🦉 Ullr'), ('كريم'), ('לוי');

CREATE TEMP TABLE tenants (number INTEGER PRIMARY KEY, tenant_id TEXT, domain TEXT);
INSERT INTO tenants (tenant_id, domain) VALUES
    ('6d1e2f30-5a4b-4c3d-8e9f-000000000001', 'harbour.example.org'),
    ('6d1e2f30-5a4b-4c3d-8e9f-000000000002', 'orchard.example.org'),
    ('6d1e2f30-5a4b-4c3d-8e9f-000000000003', 'quarry.example.org'),
    ('6d1e2f30-5a4b-4c3d-8e9f-000000000004', 'lighthouse.example.org');

-- The person that the demo exports, and a namesake in another tenant whose data must not appear.
INSERT INTO inbound_shared_user_profiles VALUES
    ('6d1e2f30-5a4b-4c3d-8e9f-000000000001', 'c228b2ae-c4fb-4eda-9620-7e73dddd1cac', 'robin.o''brien@partner.example.net',
     'Robin "Bobby" O''Brien-Großmann <b>&amp;</b> 🦉 שלום', '0f5c7a10-9b2d-4e6f-a1c3-00000000000a'),
    ('6d1e2f30-5a4b-4c3d-8e9f-000000000002', 'c228b2ae-c4fb-4eda-9620-7e73dddd1cac', 'robin.o''brien@partner.example.net',
     'Robin of the other tenant', '0f5c7a10-9b2d-4e6f-a1c3-00000000000a');

INSERT INTO inbound_shared_user_profiles
SELECT t.tenant_id,
       printf('%08x-%04x-4%03x-%04x-%012x', (i * 2654435761) % 4294967296, (i * 40503) % 65536, (i * 2057) % 4096,
              32768 + (i * 7919) % 16384, (i * 11400714819) % 281474976710656),
       printf('%s%d@partner%d.example.net', CASE i % 7 WHEN 0 THEN 'o''shared.' ELSE 'shared.' END, i, i % 12),
       f.name || ' ' || l.name,
       printf('0f5c7a10-9b2d-4e6f-a1c3-%012x', i % 12)
  FROM numbers
  JOIN tenants t ON t.number = 1 + (i * 31) % 4
  JOIN first_names f ON f.number = 1 + (i * 17) % 29
  JOIN last_names l ON l.number = 1 + (i * 23) % 32
 WHERE i <= 4000;

-- Six messages for everybody, sixty thousand for the person of the demo.
CREATE TEMP TABLE mailboxes AS
SELECT row_number() OVER (ORDER BY tenant_id, user_id) AS number, tenant_id, user_id, user_principal_name, display_name,
       CASE WHEN tenant_id LIKE '%0001' AND user_id LIKE 'c228b2ae-%' THEN 60000 ELSE 6 END AS messages
  FROM inbound_shared_user_profiles;

INSERT INTO messages (tenant_id, mailbox, sent, sender, recipient, subject, body, attachment)
SELECT m.tenant_id, m.user_principal_name,
       strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + (m.number * 7919 + i * 104729) % 31536000, 'unixepoch'),
       printf('colleague%d@%s', (m.number + i * 3) % 97, t.domain), m.user_principal_name,
       CASE i % 6
           WHEN 0 THEN 'Minutes of meeting ' || i
           WHEN 1 THEN 'Re: "the plan", 50 % done'
           WHEN 2 THEN 'Grüße aus Köln'
           WHEN 3 THEN '<script>document.title = "owned"</script>'
           WHEN 4 THEN 'שלום, סיכום הפגישה'
           ELSE 'Lunch? 🍲,' || char(9) || 'or dinner'
       END,
       CASE i % 11
           WHEN 0 THEN NULL
           ELSE printf('Hello,%sthis is message %d of the mailbox. ', char(10), i)
                || substr('The quick brown fox jumps over the lazy dog while the harbour crane turns. '
                          || 'Nothing here is about anybody who exists. ', 1 + i % 40, 80)
       END,
       CASE i % 50 WHEN 0 THEN x'00ff10e28280' END
  FROM mailboxes m
  JOIN numbers ON i <= m.messages
  JOIN tenants t ON t.tenant_id = m.tenant_id
 ORDER BY m.number, i;
CREATE INDEX messages_of_mailbox ON messages (tenant_id, mailbox);

-- Appointments for others only, so that the demo's person has a source that is empty.
INSERT INTO appointments
SELECT tenant_id, user_id, strftime('%Y-%m-%dT%H:%M:%SZ', 1710000000 + number * 3600, 'unixepoch'), 'Harbour tour'
  FROM mailboxes
 WHERE user_id NOT LIKE 'c228b2ae-%';
CREATE INDEX appointments_of_user ON appointments (tenant_id, user_id);

INSERT INTO log.sign_ins
SELECT m.tenant_id, m.user_id,
       strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + (m.number * 65537 + i * 6337) % 31536000, 'unixepoch'),
       CASE i % 3 WHEN 0 THEN 'Channels' WHEN 1 THEN 'Files, "shared"' ELSE 'Calendar' END,
       printf('192.0.2.%d', (m.number * 13 + i) % 256),
       i % 17 <> 0,
       ((m.number * 37 + i * 11) % 4000) / 1000.0
  FROM mailboxes m
  JOIN numbers ON i <= CASE m.messages WHEN 6 THEN 3 ELSE 5000 END
 ORDER BY m.number, i;
CREATE INDEX log.sign_ins_of_user ON sign_ins (tenant_id, user_id);

COMMIT;
