/* What a refusal means, in a sentence for people: a pure table over the codes
 * of RFC 3463 and its registry, then the basic codes of RFC 5321, 4.2.3. */
#include "smtp/smtp.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *code; /* subject "." detail; "subject." for the rest of it */
    const char *text;
} enhanced_table[] = {
    { "0.0", "The server gives no reason." },
    { "1.1", "There is no such mailbox at that domain." },
    { "1.2", "That mail domain does not exist or takes no mail." },
    { "1.3", "The address is not written correctly." },
    { "1.4", "The address means more than one mailbox." },
    { "1.5", "The address is good." },
    { "1.6", "The mailbox has moved and its new address is not known." },
    { "1.7", "The sender's address is not written correctly." },
    { "1.8", "The sender's domain cannot be found." },
    { "1.9", "The message was passed on to a mailbox that cannot report." },
    { "1.10", "That domain says that it takes no mail at all." },
    { "1.", "Something is wrong with the address." },
    { "2.1", "The mailbox is disabled." },
    { "2.2", "The mailbox is full." },
    { "2.3", "The message is too long for this mailbox." },
    { "2.4", "The mailing list could not be reached." },
    { "2.", "Something is wrong with the mailbox." },
    { "3.1", "The server's disk is full." },
    { "3.2", "The server takes no messages at present." },
    { "3.3", "The server cannot do what this message needs." },
    { "3.4", "The message is too big for the server." },
    { "3.5", "The server is not set up correctly." },
    { "3.6", "The server does not give this message the priority it asks." },
    { "3.", "Something is wrong with the mail server." },
    { "4.1", "The recipient's server does not answer." },
    { "4.2", "The connection to the recipient's server broke." },
    { "4.3", "The address could not be looked up." },
    { "4.4", "No way to the recipient's server is known." },
    { "4.5", "The server is overloaded." },
    { "4.6", "The message goes round in a loop." },
    { "4.7", "The message could not be delivered in time." },
    { "4.", "The recipient's server cannot be reached." },
    { "5.1", "The server did not understand the command." },
    { "5.2", "The server did not understand what was sent." },
    { "5.3", "Too many recipients at once." },
    { "5.4", "The server takes this command, but not so." },
    { "5.5", "The server speaks another version of the protocol." },
    { "5.6", "The login was too long for the server." },
    { "5.", "The server and this program did not understand each other." },
    { "6.1", "The server does not take this kind of content." },
    { "6.2", "The message would have to be converted, which is forbidden." },
    { "6.3", "The message would have to be converted, which the server "
             "cannot." },
    { "6.4", "The message was converted, and something was lost." },
    { "6.5", "The message could not be converted." },
    { "6.6", "The content of the message is no longer there." },
    { "6.7", "The server cannot carry addresses outside ASCII." },
    { "6.8", "The server would have to answer outside ASCII, and may not." },
    { "6.9", "The server cannot turn the addresses of the message into "
             "ASCII." },
    { "6.", "The server does not take the content of the message." },
    { "7.0", "The server's rules forbid this message." },
    { "7.1", "The server's rules forbid sending this message to there." },
    { "7.2", "You may not write to this mailing list." },
    { "7.3", "The protection of the message would have to be changed, which "
             "is not possible." },
    { "7.4", "The server does not have the protection that the message "
             "wants." },
    { "7.5", "The server could not decrypt or verify the message." },
    { "7.6", "The server does not know the encryption that was used." },
    { "7.7", "The message was changed on its way." },
    { "7.8", "The user name or the password is wrong." },
    { "7.9", "The server wants another way to log in." },
    { "7.10", "The recipient's server must be reached by encryption, and "
              "cannot be." },
    { "7.11", "The server wants an encrypted connection first." },
    { "7.12", "The password has to be changed first." },
    { "7.13", "The account is disabled." },
    { "7.14", "The server would have to trust a third party, and does not." },
    { "7.15", "The priority that was asked for is too low at present." },
    { "7.16", "The message is too big for the priority that was asked for." },
    { "7.17", "The mailbox has another owner since." },
    { "7.18", "The domain has another owner since." },
    { "7.19", "The server cannot tell whether the owner is still the same." },
    { "7.20", "The message has no valid DKIM signature." },
    { "7.21", "The message has no DKIM signature that is accepted." },
    { "7.22", "The message has no valid DKIM signature of its author." },
    { "7.23", "The sender's domain forbids this server to send (SPF)." },
    { "7.24", "The sender could not be verified (SPF)." },
    { "7.25", "The sending server has no valid name in DNS." },
    { "7.26", "The sender could not be verified (SPF, DKIM)." },
    { "7.27", "The sender's domain says that it sends no mail." },
    { "7.28", "Too much mail at once: the server slows down." },
    { "7.29", "A server on the way broke the proof of who sent it (ARC)." },
    { "7.30", "The message must be encrypted all the way, and cannot be." },
    { "7.", "The server refuses for a reason of security or policy." },
};

static const struct {
    int code;
    const char *text;
} basic_table[] = {
    { 421, "The server is closing; it will be tried again." },
    { 450, "The mailbox cannot be used at present." },
    { 451, "The server has a passing trouble." },
    { 452, "The server is out of space, or of recipients, at present." },
    { 454, "The login cannot be checked at present." },
    { 455, "The server cannot do this at present." },
    { 500, "The server did not understand the command." },
    { 501, "The server did not understand what was sent." },
    { 502, "The server does not know this command." },
    { 503, "The server expected another command." },
    { 504, "The server takes this command, but not so." },
    { 521, "That host takes no mail." },
    { 530, "The server wants you to log in first." },
    { 534, "The server wants another way to log in." },
    { 535, "The user name or the password is wrong." },
    { 538, "The server wants an encrypted connection first." },
    { 550, "There is no such mailbox, or you may not write to it." },
    { 551, "The mailbox is on another server." },
    { 552, "The message is too big, or the mailbox is full." },
    { 553, "The address is not allowed." },
    { 554, "The server refuses the message." },
    { 555, "The server does not know an extension that was used." },
    { 556, "That domain takes no mail." },
};

/* The row for a "subject.detail"; whole rows stand before the rest of their
 * subject. */
static const char *
explain_enhanced(const char *code)
{
    gsize subject = strcspn(code, ".") + 1;

    for (gsize i = 0; i < G_N_ELEMENTS(enhanced_table); i++) {
        const char *row = enhanced_table[i].code;
        gsize length = strlen(row);

        if (strcmp(row, code) == 0
            || (length == subject && row[length - 1] == '.'
                && strncmp(row, code, length) == 0))
            return enhanced_table[i].text;
    }
    return NULL;
}

const char *
smtp_reply_explain(const SmtpReply *reply)
{
    const char *text = NULL;

    if (reply->enhanced && strlen(reply->enhanced) > 2)
        text = explain_enhanced(reply->enhanced + 2);
    for (gsize i = 0; text == NULL && i < G_N_ELEMENTS(basic_table); i++)
        if (basic_table[i].code == reply->code)
            text = basic_table[i].text;
    if (text)
        return text;
    if (smtp_reply_is_ok(reply))
        return "The server accepted the message.";
    if (smtp_reply_is_temporary(reply))
        return "The server could not take it at present.";
    if (smtp_reply_is_permanent(reply))
        return "The server refuses.";
    return "The server did not answer.";
}
