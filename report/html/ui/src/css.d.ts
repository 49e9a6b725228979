// Style sheets are imported for the bundler; as modules they hold nothing.
declare module '*.css';
