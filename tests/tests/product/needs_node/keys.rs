//! Real keys of every connector, as far as the tests' upstreams know: no vendor ever gave them out.

use trunkline_tests::Product;

/// The variables that a connector's secrets are read from.
const NAMES: [(&str, &[&str]); 16] = [
    ("anthropic", &["ANTHROPIC_API_KEY"]),
    ("discord", &["DISCORD_TOKEN", "DISCORD_WEBHOOK_URL"]),
    ("github", &["GITHUB_TOKEN"]),
    ("google", &["GOOGLE_ACCESS_TOKEN"]),
    ("groq", &["GROQ_API_KEY"]),
    ("openai", &["OPENAI_API_KEY"]),
    ("replicate", &["REPLICATE_API_TOKEN"]),
    ("resend", &["RESEND_API_KEY"]),
    ("sendgrid", &["SENDGRID_API_KEY"]),
    ("shopify", &["SHOPIFY_ADMIN_ACCESS_TOKEN"]),
    ("slack", &["SLACK_BOT_TOKEN"]),
    ("stripe", &["STRIPE_SECRET_KEY"]),
    ("supabase", &["SUPABASE_KEY"]),
    ("together", &["TOGETHER_API_KEY"]),
    ("twilio", &["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]),
    ("upstash", &["UPSTASH_REDIS_REST_TOKEN"]),
];

/// The values that [`Product::key`] does not have.
const VALUES: [(&str, &str); 12] = [
    (
        "DISCORD_TOKEN",
        "MTAwMDAwMDAwMDAwMDAwMDAwMQ.RealDs.BotTokenM4nB7vC2xZ9lK3jH6gF8dS1aP5oI",
    ),
    (
        "DISCORD_WEBHOOK_URL",
        "https://discord.com/api/webhooks/998877665544332211/RealWebhookTokenM4nB7vC2xZ9lK3jH6gF8d",
    ),
    ("GITHUB_TOKEN", "ghp_RealGithubTokenM4nB7vC2xZ9lK3jH6gF8d"),
    (
        "GOOGLE_ACCESS_TOKEN",
        "ya29.RealGoogleTokenM4nB7vC2xZ9lK3jH6gF8dS1aP5oI0uY",
    ),
    (
        "GROQ_API_KEY",
        "gsk_RealGroqKeyT5nB2vC8xZ4lK9jH3gF7dS1aP6oI0uYqWe",
    ),
    (
        "REPLICATE_API_TOKEN",
        "r8_RealReplicateTokenV4nB7mC2xZ9lK3jH6gF8dS1",
    ),
    ("RESEND_API_KEY", "re_RealResendKeyM4nB7vC2xZ9lK3jH6gF8dS1a"),
    (
        "SENDGRID_API_KEY",
        "SG.RealSendgridKeyM4nB7vC.2xZ9lK3jH6gF8dS1aP5oI0uYqWeRtYuIoP",
    ),
    (
        "SHOPIFY_ADMIN_ACCESS_TOKEN",
        "shpat_RealShopifyTokenM4nB7vC2xZ9lK3j",
    ),
    ("SUPABASE_KEY", "sb_secret_RealSupabaseKeyN4mB7vC2xZ9lK3j"),
    (
        "TOGETHER_API_KEY",
        "tgp_v1_RealTogetherKeyB7nM3vC9xZ2lK5jH8gF1dS4aP6o",
    ),
    (
        "UPSTASH_REDIS_REST_TOKEN",
        "AXRealUpstashTokenM4nB7vC2xZ9lK3jH6gF8dS1aP5oI0uYqWe",
    ),
];

/// The variables of a connector's secrets, and their values.
pub(super) fn of(connector: &str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let names = NAMES.iter().find(|(known, _)| *known == connector);
    let (_, names) = names.unwrap_or_else(|| panic!("there are no keys of `{connector}`"));
    names.iter().map(|name| (*name, value(name)))
}

/// The value of a variable.
pub(super) fn value(name: &str) -> &'static str {
    let found = VALUES.iter().find(|(known, _)| *known == name);
    found.map_or_else(|| Product::key(name), |(_, value)| *value)
}
