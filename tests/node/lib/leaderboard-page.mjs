// The leaderboard page of the deployed frontend, as far as it reads the hub (FE-2): what becomes of messages and
// answers, without the drawing.

import { WebSocket } from 'ws';

export class LeaderboardPage {
  #http;
  #portfolioHttp;
  #ws;
  rows = [];

  /** @param env what `/env.js` says */
  constructor({ LEADERBOARD_HTTP, LEADERBOARD_WS, PORTFOLIO_HTTP }) {
    this.#http = LEADERBOARD_HTTP;
    this.#portfolioHttp = PORTFOLIO_HTTP;
    this.#ws = new WebSocket(`${LEADERBOARD_WS}/ws/updates`);
    this.#ws.onmessage = ({ data }) => this.#take(JSON.parse(data));
  }

  close() {
    this.#ws.close();
  }

  /** Whole lists only; anything else it passes over in silence. */
  #take(message) {
    const list = [message, message.top, message.entries, message.portfolios].find(Array.isArray);
    if (list === undefined) return;
    const at = new Date(message.timestamp).toISOString();
    this.rows = list
      .sort((a, b) => (b.compositeScore || 0) - (a.compositeScore || 0))
      .map((item, index) => ({
        rank: index + 1,
        portfolioId: item.portfolioId,
        name: item.portfolioName,
        compositeScore: item.compositeScore,
        // One column for either.
        avgReturn: parseFloat(item.pnl || item.avgReturn || 0),
        sharpe: item.sharpe || 'N/A',
        sortino: item.sortino || 'N/A',
        updatedAt: at,
      }));
  }

  /** The rows of a call, named by another. */
  async ask(path) {
    const answer = await fetch(`${this.#http}/api/leaderboard/${path}`);
    if (!answer.ok) return answer.status;
    const { top } = await answer.json();
    const investors = await (await fetch(`${this.#portfolioHttp}/api/portfolio/all`)).json();
    return top.map(({ rank, portfolioId, compositeScore, avgReturn, sharpe, sortino, updatedAt }) => ({
      rank,
      portfolioId,
      name: investors.find((investor) => investor.portfolioId === portfolioId)?.name,
      compositeScore,
      avgReturn: parseFloat(avgReturn),
      sharpe,
      sortino,
      updatedAt,
    }));
  }
}
