//! Variable names whose values front-end bundlers copy into the pages they make.

#[cfg(test)]
mod tests;

/// Prefixes, and who publishes them.
const PREFIXES: [(&str, &str); 11] = [
    ("NEXT_PUBLIC_", "Next.js"),
    ("VITE_", "Vite"),
    ("REACT_APP_", "Create React App"),
    ("PUBLIC_", "SvelteKit and Astro"),
    ("NUXT_PUBLIC_", "Nuxt"),
    ("EXPO_PUBLIC_", "Expo"),
    ("GATSBY_", "Gatsby"),
    ("VUE_APP_", "Vue CLI"),
    ("NG_APP_", "Angular with @ngx-env"),
    ("STORYBOOK_", "Storybook"),
    ("PLASMO_PUBLIC_", "Plasmo"),
];

/// Who copies the value of a variable of this name into pages that anybody can read.
pub fn publisher(variable: &str) -> Option<&'static str> {
    PREFIXES
        .iter()
        .find(|(prefix, _)| variable.starts_with(prefix))
        .map(|(_, publisher)| *publisher)
}
