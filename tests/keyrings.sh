#!/bin/sh
# Keyrings below DIR, GNUPGHOME each: `ana` and `ben`, without passphrases. Both have an OpenPGP key and an S/MIME certificate at
# example.org, and each other's; Ana has certified Ben's key, Ben has not
# certified hers. Ana also has a key of carl@example.org that nobody certified.
# `locked` has Ana's address with a key that wants a passphrase ("sesame").
#
#     sh keyrings.sh DIR          makes them
#     sh keyrings.sh DIR stop     ends their agents
set -eu
dir=$1

in_ring() {
    GNUPGHOME=$dir/$1
    export GNUPGHOME
}

if [ "${2:-}" = stop ]; then
    for ring in ana ben carl locked; do
        in_ring "$ring"
        gpgconf --kill all 2>/dev/null || true
    done
    exit 0
fi

# name, address, protection
openpgp_key() {
    gpg --batch --quiet --gen-key <<END
Key-Type: eddsa
Key-Curve: ed25519
$3
Subkey-Type: ecdh
Subkey-Curve: cv25519
Name-Real: $1
Name-Email: $2
Expire-Date: 0
%commit
END
}

# A certificate of a key that gpg made: gpgsm would ask for a passphrase.
smime_key() {
    gpg --batch --quiet --gen-key <<END
%no-protection
Key-Type: RSA
Key-Length: 2048
Key-Usage: sign,encrypt
Name-Real: for-smime
Expire-Date: 0
%commit
END
    grip=$(gpg --batch --with-colons --with-keygrip -K for-smime |
        awk -F: '/^grp/ { print $10; exit }')
    gpgsm --batch --quiet --gen-key > "$GNUPGHOME/certificate" <<END
Key-Type: RSA
Key-Grip: $grip
Key-Usage: sign, encrypt
Serial: random
Name-DN: CN=$1,O=Test
Name-Email: $2
Not-After: 2040-01-01
Hash-Algo: SHA256
END
}

trust_certificates() {
    for ring in ana ben; do
        gpgsm --batch --quiet --import "$dir/$ring/certificate"
    done
    gpgsm --batch --with-colons -k |
        awk -F: '/^fpr/ { print $10 " S" }' > "$GNUPGHOME/trustlist.txt"
    gpgconf --kill gpg-agent # it reads the list when it starts
}

for ring in ana ben carl locked; do
    mkdir -p "$dir/$ring"
    chmod 700 "$dir/$ring"
    in_ring "$ring"
    # No network, no card reader, no question.
    echo disable-scdaemon > "$GNUPGHOME/gpg-agent.conf"
    echo disable-crl-checks > "$GNUPGHOME/gpgsm.conf"
    echo no-auto-key-locate > "$GNUPGHOME/gpg.conf"
done
in_ring ana
openpgp_key "Ana Novak" ana@example.org %no-protection
smime_key "Ana Novak" ana@example.org
gpg --batch --export ana@example.org > "$dir/ana.key"
in_ring ben
openpgp_key "Ben Okafor" ben@example.org %no-protection
smime_key "Ben Okafor" ben@example.org
gpg --batch --export ben@example.org > "$dir/ben.key"
gpg --batch --quiet --import "$dir/ana.key"
trust_certificates
in_ring carl
openpgp_key "Carl" carl@example.org %no-protection
gpg --batch --export carl@example.org > "$dir/carl.key"
in_ring ana
gpg --batch --quiet --import "$dir/ben.key" "$dir/carl.key"
gpg --batch --quiet --yes --quick-lsign-key "$(
    gpg --batch --with-colons -k '<ben@example.org>' |
        awk -F: '/^fpr/ { print $10; exit }')"
trust_certificates
in_ring locked
openpgp_key "Ana Locked" ana@example.org "Passphrase: sesame"
gpgconf --kill gpg-agent
