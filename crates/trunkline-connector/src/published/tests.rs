//! Names that bundlers publish are recognized by their prefix alone.

use super::publisher;

#[test]
fn bundlers_are_named_by_their_prefixes() {
    assert_eq!(publisher("NEXT_PUBLIC_OPENAI_API_KEY"), Some("Next.js"));
    assert_eq!(publisher("VITE_SUPABASE_KEY"), Some("Vite"));
    assert_eq!(publisher("REACT_APP_KEY"), Some("Create React App"));
    assert_eq!(publisher("PUBLIC_KEY"), Some("SvelteKit and Astro"));
    assert_eq!(publisher("OPENAI_API_KEY"), None);
    assert_eq!(publisher("MY_NEXT_PUBLIC_KEY"), None);
}
